import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/schema/index.js';
import { subscribe } from '../support/events.js';
import { bearer, credentials, type Headers } from '../support/gateway.js';
import { offboard, progressDocument } from '../support/offboardings.js';
import { remove } from '../support/removals.js';
import { rememberRows } from '../support/reset.js';
import { credentialHeaders, failRemovals, findMemberCases, headersOf, withSecond } from './members.js';
import { people, tickets } from './other-subgraphs.js';
import { type Subgraph, startSubgraph } from './subgraph-server.js';
import { openSupergraph, type Supergraph } from './supergraph.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const projectId = 'proj_TrlkLiH4';
const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

describe('behind Hive Gateway', () => {
  let graph: Supergraph;
  let other: Subgraph;
  let reset: () => Promise<void>;

  beforeAll(async () => {
    other = await startSubgraph(people);
    graph = await openSupergraph([other]);
    reset = await rememberRows(graph.divest.database);
  });
  afterAll(async () => {
    await graph.close();
    await other.close();
  });
  beforeEach(async () => {
    await reset();
    graph.divest.takeRequests();
    other.seen.length = 0;
  });

  const find = async (query: string, headers?: Headers) => {
    const { data, errors } = await graph.ask(query, {}, headers ?? (await bearer()));
    expect(errors).toBeUndefined();
    return data;
  };

  it('people of another subgraph are found here, with one request for all of them', async () => {
    const query = '{ staff { id department name projects { edges { role node { name } } } } }';
    const { data, errors } = await graph.ask(query, {}, await bearer());
    const [summer, winter] = ['Summer', 'Winter'].map((name) => ({ name }));
    // Nobody knows the third, and the fourth is another organization's. Divest says null for both, and what can't be
    // null of them makes them null: which is why a subgraph's references to users have to be nullable.
    expect(data).toEqual({
      staff: [
        {
          ...{ id: 'user_ada', department: 'Department of user_ada', name: 'Ada' },
          projects: { edges: [summer, winter].map((node) => ({ role: 'ADMIN', node })) },
        },
        {
          ...{ id: 'user_nina', department: 'Department of user_nina', name: 'Nina' },
          projects: { edges: [{ role: 'VIEWER', node: winter }] },
        },
        ...[null, null],
      ],
    });
    expect(errors).toHaveLength(2);
    expect(graph.divest.takeRequests()).toMatchObject([
      { rootFields: ['_entities'], credential: 'BEARER', actor: 'user_ada' },
    ]);
  });

  it('as many people of another subgraph as several pages have are found here at once', async () => {
    await graph.divest.rows(`insert into users (id, organization_id, login, subject)
      select 'user_crowd-' || i, 'org_demo', 'crowd' || i, 'crowd' || i from generate_series(0, 899) i`);
    const crowd = Array.from({ length: 900 }, (_, n) => ({ login: `crowd${n}` }));
    expect(await find('{ crowd(size: 900) { login } }')).toEqual({ crowd });
    expect(graph.divest.takeRequests()).toMatchObject([{ rootFields: ['_entities'] }]);
  });

  it('people found here get what another subgraph knows of them, also by an interface', async () => {
    const found = await find(`{
      users(filter: { search: "noa" }) { edges { node { login department } } }
      node(id: "user_ada") { id ... on User { department } }
    }`);
    expect(found).toEqual({
      users: { edges: [{ node: { login: 'noa@demo.test', department: 'Department of user_noa' } }] },
      node: { id: 'user_ada', department: 'Department of user_ada' },
    });
  });

  it('a caller sees through another subgraph no more than it would see here', async () => {
    const query = '{ staff { id name } }';
    const { data } = await graph.ask(query, {}, credentials.plainUserKey);
    expect(data).toEqual({
      staff: [
        { id: 'user_ada', name: null },
        { id: 'user_nina', name: 'Nina' },
        { id: 'user_nobody', name: null },
        { id: 'user_bo', name: null },
      ],
    });
  });

  it.each(findMemberCases(buildSchema()))('$removal answers $member', async ({ removal, member, example, thrown }) => {
    const restore = thrown ? failRemovals(graph.divest.database, thrown) : () => {};
    const headers = { ...(await headersOf(example.as)), traceparent };
    const answer = await remove(graph, removal, example.input, headers).finally(restore);
    expect(answer.__typename).toBe(member);
    if (member.endsWith('Success')) {
      expect(answer).toMatchObject({ applied: true, revocation: { state: 'DONE', traceId } });
    } else {
      expect(answer).toMatchObject({ traceId, code: expect.any(String), httpStatus: expect.any(Number) });
    }
    expect(graph.divest.takeRequests()).toMatchObject([{ rootFields: [removal], traceId }]);
  });

  it('a removal answers with what another subgraph knows, and is asked for once', async () => {
    const found = await find(
      `mutation {
        unassignUserFromProject(input: { projectId: "${projectId}", user: { id: "${vera}" } }) {
          __typename ... on RevocationSuccess { applied user { login department } revocation { id user { department } } }
        }
      }`,
      credentials.management,
    );
    expect(found).toMatchObject({
      unassignUserFromProject: {
        __typename: 'UnassignUserFromProjectSuccess',
        applied: true,
        user: { login: 'vera@demo.test', department: `Department of ${vera}` },
        revocation: { user: { department: `Department of ${vera}` } },
      },
    });
    expect(graph.divest.takeRequests().flatMap(({ rootFields }) => rootFields)).toEqual(['unassignUserFromProject']);
    expect(await graph.divest.rows('select state::text from revocations')).toEqual([{ state: 'DONE' }]);
    const left = await graph.divest.rows('select project_id from project_members where user_id = $1', vera);
    expect(left).toEqual([{ project_id: 'proj_winter' }]);
  });

  it('two removals under aliases are carried out in their order, and fragments on the interfaces hold for both', async () => {
    const found = await find(
      `mutation {
        first: unassignUserFromProject(input: { projectId: "${projectId}", user: { id: "${vera}" } }) { ...Outcome }
        second: unassignUserFromProject(input: { projectId: "proj_winter", user: { id: "${vera}" } }) { ...Outcome }
      }
      fragment Outcome on UnassignUserFromProjectResult {
        kind: __typename
        ... on RevocationSuccess { done: applied }
        ... on AccessError { why: code }
        ... on LastProjectError { project { title: name } }
      }`,
      credentials.management,
    );
    expect(found).toEqual({
      first: { kind: 'UnassignUserFromProjectSuccess', done: true },
      second: { kind: 'LastProjectError', why: 'LAST_PROJECT', project: { title: 'Winter' } },
    });
  });

  it.each([
    ['management token', () => credentials.management, 'MANAGEMENT_TOKEN'],
    ['API key', () => credentials.plainUserKey, 'API_KEY'],
    ['bearer token', () => bearer(), 'BEARER'],
  ])('a caller’s %s reaches Divest, and its trace id too', async (_what, headers, credential) => {
    const found = await find('{ viewer { credential } }', { ...(await headers()), traceparent });
    expect(found).toEqual({ viewer: { credential } });
    expect(graph.divest.takeRequests()).toMatchObject([{ credential, traceId }]);
  });

  it.each(credentialHeaders)(
    'a caller’s %s reaches Divest, which refuses it as a second credential',
    async (header) => {
      const { data, errors } = await graph.ask('{ viewer { credential } }', {}, withSecond(header));
      expect(data ?? null).toBeNull();
      expect(errors?.[0]?.message).toContain('More than one credential');
    },
  );

  it('a caller’s credential reaches no other subgraph', async () => {
    await find('{ staff { department } }', credentials.management);
    expect(other.seen.map(({ headers }) => headers.get('x-management-token'))).toEqual([null]);
  });

  it('the errors of a query keep their code', async () => {
    const { data, errors } = await graph.ask('{ viewer { credential } }', {}, {});
    expect(data ?? null).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  it('an off-boarding is found by its id, and followed to its end', async () => {
    const administrator = await bearer();
    const user = { id: 'user_leo' };
    const { offboarding } = await offboard(graph, { user }, administrator);
    expect(
      await find(`{ node(id: "${offboarding.id}") { ... on Offboarding { state user { department } } } }`),
    ).toEqual({
      node: { state: 'DONE', user: { department: 'Department of user_leo' } },
    });
    const events = await subscribe(graph.url, progressDocument, { id: offboarding.id }, administrator);
    const [only, ...more] = await events.rest();
    expect(more).toEqual([]);
    expect(only?.data).toMatchObject({ offboardingProgress: { id: offboarding.id, state: 'DONE', user } });
    const [refused] = await (
      await subscribe(graph.url, progressDocument, { id: 'off_1' }, credentials.plainUserKey)
    ).rest();
    expect(refused?.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  it('what is there for Federation alone can’t be asked for', async () => {
    for (const query of ['{ _service { sdl } }', '{ _entities(representations: []) { __typename } }']) {
      expect((await graph.ask(query, {}, await bearer())).errors?.[0]?.message).toContain('Cannot query field');
    }
  });
});

describe('behind Hive Gateway with a type prefix', () => {
  let graph: Supergraph;
  let others: Subgraph[];

  beforeAll(async () => {
    others = await Promise.all([startSubgraph(tickets), startSubgraph(people)]);
    graph = await openSupergraph(others, { SCHEMA_TYPE_PREFIX: 'Divest' });
  });
  afterAll(async () => {
    await graph.close();
    await Promise.all(others.map((other) => other.close()));
  });

  it('two NotFoundErrors are told apart in one document', async () => {
    const query = `mutation {
      unassignUserFromProject(input: { projectId: "proj_none", user: { id: "${vera}" } }) {
        __typename ... on DivestAccessError { code } ... on DivestNotFoundError { resourceId }
      }
    }`;
    expect(await graph.ask(query, {}, credentials.management)).toEqual({
      data: {
        unassignUserFromProject: { __typename: 'DivestNotFoundError', code: 'NOT_FOUND', resourceId: 'proj_none' },
      },
    });
    const ticket = '{ ticket(number: 2) { __typename ... on NotFoundError { hint } } }';
    expect(await graph.ask(ticket, {}, {})).toEqual({
      data: { ticket: { __typename: 'NotFoundError', hint: 'There is only number 1.' } },
    });
  });

  it('an entity has the fields of all three subgraphs', async () => {
    const query = `{ ticket(number: 1) { ... on Ticket { assignee {
      login department projects(first: 1) { __typename edges { node { name } } }
    } } } }`;
    expect(await graph.ask(query, {}, await bearer())).toEqual({
      data: {
        ticket: {
          assignee: {
            login: 'ada@demo.test',
            department: 'Department of user_ada',
            projects: { __typename: 'DivestUserProjectsConnection', edges: [{ node: { name: 'Summer' } }] },
          },
        },
      },
    });
  });
});
