import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UpstreamSystem } from '../../src/errors.js';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, type Headers, serveDatabase } from '../support/gateway.js';
import { type Removal, remove } from '../support/removals.js';
import { eventually, openUpstreamGateway, type UpstreamGateway } from '../support/upstream-gateway.js';
import type { Responder } from '../support/upstreams.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const uma = 'user_5ce7c2d833ea1e04d7e6c432';
const operators = 'role_550e8400-e29b-41d4-a716-446655440000';

/** One removal of each kind, of something that the directory and the system both have. */
const cases: readonly {
  readonly system: UpstreamSystem;
  readonly mutation: Removal;
  readonly user: string;
  readonly target: string;
  readonly input: object;
  /** What the directory has of it: `count`. */
  readonly held: string;
}[] = [
  {
    ...{ system: 'VOUCHERIFY', mutation: 'unassignUserFromProject', user: vera, target: 'proj_TrlkLiH4' },
    input: { projectId: 'proj_TrlkLiH4', user: { id: vera } },
    held: `select count(*)::integer from project_members where user_id = '${vera}' and project_id = 'proj_TrlkLiH4'
      and role = 'EDITOR'`,
  },
  {
    ...{ system: 'ENTRYGUARD', mutation: 'unassignUserFromRole', user: rob, target: operators },
    input: { roleId: operators, user: { id: rob } },
    held: `select count(*)::integer from role_users where user_id = '${rob}' and role_id = '${operators}'`,
  },
  {
    ...{ system: 'COGNIGY', mutation: 'removeGlobalRole', user: uma, target: 'USER_MANAGER' },
    input: { role: 'USER_MANAGER', user: { id: uma } },
    held: `select count(*)::integer from users where id = '${uma}' and 'USER_MANAGER' = any (global_roles)`,
  },
];

describe.each(databaseKinds)('a removal that another system carries out, on %s', (kind) => {
  let gateway: UpstreamGateway;
  let administrator: Headers;
  beforeAll(async () => {
    gateway = await openUpstreamGateway(kind);
    administrator = await bearer();
  });
  beforeEach(() => gateway.reset());
  afterAll(() => gateway.close());

  const count = async (sql: string) => (await gateway.rows(sql))[0]?.['count'];
  const calls = () => gateway.rows('select * from upstream_calls');
  const records = () =>
    gateway.rows(
      `select id, state, code, settled_at is not null as settled, system, upstream_trace_id from revocations
       order by requested_at`,
    );

  describe.each(cases)('by $system', ({ system, mutation, user, target, input, held }) => {
    const ask = (more: object = {}, headers = administrator) =>
      remove(gateway, mutation, { ...input, ...more }, headers);
    const respond = (responder: Responder) => gateway.fakes[system].respondWith(responder);

    it('is done there and here, once, and is on record', async () => {
      const answer = await ask();
      expect(answer).toMatchObject({ applied: true, revocation: { state: 'DONE', code: null }, user: { id: user } });
      expect(await gateway.has(system, user, target)).toBe(false);
      expect(await count(held)).toBe(0);
      expect(await calls()).toEqual([]);
      expect(await records()).toMatchObject([{ state: 'DONE', code: null, settled: true, system }]);
      expect(gateway.fakes[system].requests).toHaveLength(1);
    });

    it('is not called for on a dry run, which changes nothing', async () => {
      expect(await ask({ dryRun: true })).toMatchObject({ applied: false, revocation: null });
      expect(gateway.fakes[system].requests).toEqual([]);
      expect([await count(held), await calls(), await records()]).toEqual([1, [], []]);
    });

    it('counts as gone while the system is being asked, and no transaction waits for it', async () => {
      let during: unknown;
      respond(async (_request, act) => {
        during = [await count(held), (await calls()).length, (await records())[0]?.['state']];
        return act();
      });
      await ask();
      expect(during).toEqual([0, 1, 'PENDING']);
    });

    it('is put back when it is refused, with the role that the user had', async () => {
      respond(() => ({ status: 409, body: {} }));
      expect(await ask()).toMatchObject({ __typename: 'ConflictError' });
      expect(await count(held)).toBe(1);
      expect(await calls()).toEqual([]);
      expect(await records()).toMatchObject([{ state: 'REFUSED', code: 'CONFLICT', settled: true }]);
    });

    it('stays PENDING while the outcome is unknown, and is settled by the worker', async () => {
      respond((_request, act) => {
        act();
        return { status: 500, body: 'broken' };
      });
      const answer = await ask();
      expect(answer).toMatchObject({ __typename: 'UpstreamError', code: 'UPSTREAM_UNAVAILABLE', retryable: false });
      expect(await count(held)).toBe(0);
      expect(await records()).toMatchObject([{ state: 'PENDING', settled: false }]);
      expect(await ask()).toMatchObject({ __typename: 'ConflictError', retryable: false });
      respond((_request, act) => act());
      await eventually(async () => (await calls()).length === 0, 'the call is settled');
      expect((await records()).map(({ state }) => state)).toEqual(['DONE', 'REFUSED']);
      expect([await count(held), await gateway.has(system, user, target)]).toEqual([0, false]);
    });

    it('is carried out for a name that only the system knows, and for its name of an entry of the directory', async () => {
      const [userName = '', targetName = ''] = (await gateway.keyOf(system, user, target)).split(' ').reverse();
      const argument = mutation === 'unassignUserFromProject' ? 'projectId' : 'roleId';
      const named = mutation === 'removeGlobalRole' ? {} : { [argument]: targetName };
      const answer = await ask({ ...named, user: { id: userName } });
      expect(answer).toMatchObject({ applied: true, user: { id: user } });
      expect(await count(held)).toBe(0);
      const stranger = userName.replace(/.{4}$/, 'abcd');
      gateway.fakes[system].assignments.add(`${targetName} ${stranger}`);
      const passedOn = await ask({ ...named, user: { id: stranger } });
      expect(passedOn).toMatchObject({ applied: true, user: null, revocation: { requestedUser: stranger } });
      expect(gateway.fakes[system].assignments.has(`${targetName} ${stranger}`)).toBe(false);
    });

    it('is refused as malformed, and not recorded, where the name is none of the directory or the system', async () => {
      const answer = await ask({ user: { id: 'a/b' } });
      expect(answer).toMatchObject({ __typename: 'InvalidInputError', issues: [{ path: ['input', 'user', 'id'] }] });
      expect([gateway.fakes[system].requests, await records(), await calls()]).toEqual([[], [], []]);
    });
  });

  it('ends the sessions of a user whose project was not known here, once the system has done it', async () => {
    await gateway.rows(`delete from project_members where user_id = '${vera}' and project_id = 'proj_TrlkLiH4'`);
    const input = { projectId: 'proj_TrlkLiH4', user: { id: vera } };
    const answer = await remove(gateway, 'unassignUserFromProject', input, credentials.management);
    expect(answer).toMatchObject({ applied: true, sessionEffect: 'ENDED', sessions: [{ active: false }] });
    const again = await remove(gateway, 'unassignUserFromProject', input, credentials.management);
    expect(again).toMatchObject({ __typename: 'UserNotAssignedError', httpStatus: 400 });
    const ignored = { ...input, onMissing: 'IGNORE' };
    expect(await remove(gateway, 'unassignUserFromProject', ignored, credentials.management)).toMatchObject({
      ...{ applied: false, sessionEffect: 'NONE', revocation: { state: 'REFUSED', code: 'NOT_ASSIGNED' } },
    });
  });

  it('takes one statement where the directory is the authority, and two where a system is asked in between', async () => {
    const local = await serveDatabase(gateway.database);
    const document = `mutation ($input: UnassignUserFromProjectInput!) { unassignUserFromProject(input: $input) { __typename } }`;
    const input = { projectId: 'proj_TrlkLiH4', user: { id: vera } };
    const statementsOf = async (served: Pick<UpstreamGateway, 'ask'>) => {
      await gateway.reset();
      const query = vi.spyOn(gateway.database, 'query');
      await served.ask(document, { input }, credentials.management);
      const all = query.mock.calls.map(([sql]) => /(\w+)\(\$1/.exec(sql)?.[1] ?? sql);
      query.mockRestore();
      return all.filter((sql) => !/management_tokens|claim_upstream_calls/.test(sql));
    };
    expect(await statementsOf(local)).toEqual(['unassign_user_from_project']);
    expect(await statementsOf(gateway)).toEqual(['unassign_user_from_project', 'settle_upstream_call']);
    await local.close();
  });
});
