import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { buildSchema as buildSchemaOf } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { printStitching } from '../../src/federation/stitching.js';
import { buildSchema } from '../../src/schema/index.js';
import { type LoggedDivest, startLoggedDivest } from '../federation/logged-divest.js';
import { credentialHeaders, failRemovals, findMemberCases, headersOf, withSecond } from '../federation/members.js';
import { ask as askAt } from '../federation/subgraph-server.js';
import { bearer, credentials, type Headers } from '../support/gateway.js';
import { remove } from '../support/removals.js';
import { rememberRows } from '../support/reset.js';

const folder = join(import.meta.dirname, '../../examples/stitching');
const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

describe('the schema for stitching', () => {
  it('is the one that the example uses', () => {
    expect(printStitching(buildSchema())).toBe(readFileSync(join(folder, 'divest.graphql'), 'utf8'));
  });

  it.each(['', 'Acme'])('passes the check of the stitching directives, with the type prefix "%s"', (typePrefix) => {
    const schema = buildSchemaOf(printStitching(buildSchema({ typePrefix })));
    const { stitchingDirectivesValidator, stitchingDirectivesTransformer } = stitchingDirectives();
    expect(() => stitchingDirectivesValidator(schema)).not.toThrow();
    const { merge } = stitchingDirectivesTransformer({ schema });
    const entities = buildSchema().getImplementations(buildSchema().getType('Node') as never).objects;
    expect(Object.keys(merge ?? {}).sort()).toEqual(entities.map(({ name }) => name).sort());
    expect(Object.values(merge ?? {}).map(({ fieldName }) => fieldName)).toEqual(entities.map(() => 'nodes'));
  });
});

describe('the stitching example', () => {
  let divest: LoggedDivest;
  let example: ChildProcess;
  let url: string;
  let reset: () => Promise<void>;

  beforeAll(async () => {
    divest = await startLoggedDivest();
    reset = await rememberRows(divest.database);
    example = spawn(process.execPath, [join(folder, 'main.mjs')], {
      env: { PATH: process.env['PATH'], DIVEST_URL: divest.url, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [told] = await once(example.stdout ?? example, 'data');
    url = /http:\S+\/graphql/.exec(String(told))?.[0] ?? '';
  });
  afterAll(async () => {
    example.kill();
    await divest.close();
  });
  beforeEach(async () => {
    await reset();
    divest.takeRequests();
  });

  const ask = (query: string, variables: object, headers: Headers) => askAt(url, { query, variables }, headers);

  it('finds people of the other service here, with one request for all of them', async () => {
    const { data, errors } = await ask('{ staff { id department login } }', {}, await bearer());
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      staff: [
        { id: 'user_ada', department: 'Platform', login: 'ada@demo.test' },
        { id: 'user_nina', department: 'Sales', login: 'nina@demo.test' },
        { id: rob, department: 'Operations', login: 'rob@demo.test' },
      ],
    });
    expect(divest.takeRequests()).toMatchObject([{ rootFields: ['nodes'], credential: 'BEARER', actor: 'user_ada' }]);
  });

  it('asks for two hundred at once, as Divest takes them', async () => {
    await divest.rows(`insert into users (id, organization_id, login, subject)
      select 'user_more-' || i, 'org_demo', 'more' || i, 'more' || i from generate_series(1, 250) i`);
    const ids = Array.from({ length: 250 }, (_, index) => `user_more-${index + 1}`);
    const query = 'query ($ids: [ID!]!) { staffByIds(ids: $ids) { login } }';
    const { data, errors } = await ask(query, { ids }, credentials.management);
    expect(errors).toBeUndefined();
    expect(data).toEqual({ staffByIds: ids.map((id) => ({ login: id.replace('user_more-', 'more') })) });
    expect(divest.takeRequests().map(({ rootFields }) => rootFields)).toEqual([['nodes'], ['nodes']]);
  });

  it('gives people found here what the other service knows, also by an interface', async () => {
    const query = `{
      users(filter: { search: "nina" }) { edges { node { login department } } }
      node(id: "user_ada") { id ... on User { department } }
    }`;
    expect(await ask(query, {}, await bearer())).toEqual({
      data: {
        users: { edges: [{ node: { login: 'nina@demo.test', department: 'Sales' } }] },
        node: { id: 'user_ada', department: 'Platform' },
      },
    });
  });

  it('shows a caller no more than it would see here', async () => {
    const { data } = await ask('{ staff { id name } }', {}, credentials.plainUserKey);
    expect(data).toEqual({
      staff: [
        { id: 'user_ada', name: null },
        { id: 'user_nina', name: 'Nina' },
        { id: rob, name: null },
      ],
    });
  });

  it.each(findMemberCases(buildSchema()))('$removal answers $member', async ({ removal, member, example, thrown }) => {
    const restore = thrown ? failRemovals(divest.database, thrown) : () => {};
    const headers = { ...(await headersOf(example.as)), traceparent };
    const answer = await remove({ ask }, removal, example.input, headers).finally(restore);
    expect(answer.__typename).toBe(member);
    if (member.endsWith('Success')) {
      expect(answer).toMatchObject({ applied: true, revocation: { state: 'DONE', traceId } });
    } else {
      expect(answer).toMatchObject({ traceId, code: expect.any(String), httpStatus: expect.any(Number) });
    }
    expect(divest.takeRequests()).toMatchObject([{ rootFields: [removal], traceId }]);
  });

  it('carries out two removals under aliases in their order', async () => {
    const query = `mutation ($user: UserReference!) {
      first: unassignUserFromProject(input: { projectId: "proj_TrlkLiH4", user: $user }) { ...Outcome }
      second: unassignUserFromProject(input: { projectId: "proj_winter", user: $user }) { ...Outcome }
    }
    fragment Outcome on UnassignUserFromProjectResult {
      kind: __typename
      ... on RevocationSuccess { done: applied user { department } }
      ... on AccessError { why: code }
      ... on LastProjectError { project { title: name } }
    }`;
    expect(await ask(query, { user: { id: vera } }, credentials.management)).toEqual({
      data: {
        first: { kind: 'UnassignUserFromProjectSuccess', done: true, user: { department: null } },
        second: { kind: 'LastProjectError', why: 'LAST_PROJECT', project: { title: 'Winter' } },
      },
    });
    expect(await divest.rows('select state::text from revocations order by state')).toEqual([
      { state: 'DONE' },
      { state: 'REFUSED' },
    ]);
  });

  it.each(credentialHeaders)('forwards %s, which Divest refuses as a second credential', async (header) => {
    const { data, errors } = await ask('{ viewer { credential } }', {}, withSecond(header));
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.message).toContain('More than one credential');
  });

  it('says in its terminal that Divest is away, and that a port is taken', async () => {
    const { port } = new URL(url);
    const patiently = { timeout: 20_000 };
    const start = (env: Record<string, string>) => {
      const child = spawn(process.execPath, [join(folder, 'main.mjs')], { env: { PATH: process.env['PATH'], ...env } });
      const said: string[] = [];
      child.stdout.on('data', (text) => said.push(String(text)));
      child.stderr.on('data', (text) => said.push(String(text)));
      return { child, said };
    };
    const taken = start({ PORT: port });
    expect((await once(taken.child, 'close'))[0]).toBe(1);
    expect(taken.said.join('')).toBe(
      `Port ${port} of localhost can't be used (EADDRINUSE). Set PORT to another one.\n`,
    );
    const alone = start({ PORT: '0', DIVEST_URL: 'http://localhost:1/graphql' });
    await expect.poll(() => alone.said.join(''), patiently).toMatch(/http:\S+\/graphql, /);
    const address = /http:\S+\/graphql/.exec(alone.said.join(''))?.[0] ?? '';
    const answer = await askAt(address, { query: '{ staff { department login } }' }, {});
    expect(answer.errors).toMatchObject([{ message: 'Unexpected error.' }, {}, {}]);
    await expect.poll(() => alone.said.join(''), patiently).toMatch(/ECONNREFUSED/);
    alone.child.kill();
  });

  it('leaves the errors of a query their code', async () => {
    const { data, errors } = await ask('{ viewer { credential } }', {}, {});
    expect(data ?? null).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });
});
