import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UpstreamSystem } from '../../src/errors.js';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, type Headers } from '../support/gateway.js';
import { type GrantMutation, grant } from '../support/grants.js';
import { type Removal, remove } from '../support/removals.js';
import { eventually, openUpstreamGateway, type UpstreamGateway } from '../support/upstream-gateway.js';
import type { Responder } from '../support/upstreams.js';

const nina = 'user_nina';

/** One grant of each kind, of something that neither the directory nor the system has, and what takes it away. */
const cases: readonly {
  readonly system: UpstreamSystem;
  readonly mutation: GrantMutation;
  readonly target: string;
  readonly input: object;
  readonly removal: readonly [Removal, object];
  /** What the directory has of it: `count`. */
  readonly held: string;
  /** What the system answers where the user has it already, and what the gateway makes of it. */
  readonly alreadyThere: { readonly status: number; readonly body?: object };
}[] = [
  {
    ...{ system: 'VOUCHERIFY', mutation: 'assignUserToProject', target: 'proj_TrlkLiH4' },
    input: { projectId: 'proj_TrlkLiH4', user: { id: nina }, role: 'EDITOR' },
    removal: ['unassignUserFromProject', { projectId: 'proj_TrlkLiH4', user: { id: nina } }],
    held: `select count(*)::integer from project_members where user_id = '${nina}' and project_id = 'proj_TrlkLiH4'
      and role = 'EDITOR'`,
    alreadyThere: { status: 400, body: { key: 'user_already_assigned' } },
  },
  {
    ...{ system: 'ENTRYGUARD', mutation: 'assignUserToRole', target: 'role_reporting' },
    input: { roleId: 'role_reporting', user: { id: nina } },
    removal: ['unassignUserFromRole', { roleId: 'role_reporting', user: { id: nina } }],
    held: `select count(*)::integer from role_users where user_id = '${nina}' and role_id = 'role_reporting'`,
    alreadyThere: { status: 409, body: { message: 'User already assigned to this role' } },
  },
  {
    ...{ system: 'COGNIGY', mutation: 'addGlobalRole', target: 'ODATA' },
    input: { role: 'ODATA', user: { id: nina } },
    removal: ['removeGlobalRole', { role: 'ODATA', user: { id: nina } }],
    held: `select count(*)::integer from users where id = '${nina}' and 'ODATA' = any (global_roles)`,
    // It has no answer of its own for that.
    alreadyThere: { status: 204 },
  },
];

describe.each(databaseKinds)('a grant that another system carries out, on %s', (kind) => {
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
      `select id, state, code, settled_at is not null as settled, system, revocation_id from grants order by requested_at`,
    );
  const broken: Responder = (_request, act) => {
    act();
    return { status: 500, body: 'broken' };
  };
  const asDocumented: Responder = (_request, act) => act();
  const settled = () => eventually(async () => (await calls()).length === 0, 'the call is settled');

  describe.each(cases)('by $system', ({ system, mutation, target, input, removal, held, alreadyThere }) => {
    const ask = (more: object = {}, headers = administrator) =>
      grant(gateway, mutation, { ...input, ...more }, headers);
    const take = (headers = administrator) => remove(gateway, removal[0], removal[1], headers);
    const respond = (responder: Responder) => gateway.fakes[system].respondWith(responder);

    it('is done there and here, once, and is on record', async () => {
      const answer = await ask();
      expect(answer).toMatchObject({
        ...{ applied: true, user: { id: nina }, canStartSession: true },
        grant: { state: 'DONE', code: null, system, settledAt: expect.any(String) },
      });
      expect(await gateway.has(system, nina, target)).toBe(true);
      expect(await count(held)).toBe(1);
      expect(await calls()).toEqual([]);
      expect(await records()).toMatchObject([{ state: 'DONE', code: null, settled: true, system }]);
      expect(gateway.fakes[system].requests).toHaveLength(1);
      const given = gateway.fakes[system].projectRoles.get(await gateway.keyOf(system, nina, target));
      expect(given).toBe(system === 'VOUCHERIFY' ? 'EDITOR' : undefined);
      expect(await ask()).toMatchObject({ __typename: 'ConflictError' });
      expect(gateway.fakes[system].requests).toHaveLength(1);
    });

    it('is not called for on a dry run, which changes nothing', async () => {
      expect(await ask({ dryRun: true })).toMatchObject({ applied: false, grant: null });
      expect(gateway.fakes[system].requests).toEqual([]);
      expect([await count(held), await calls(), await records()]).toEqual([0, [], []]);
    });

    it('does not count while the system is being asked, and nothing else can be done to it', async () => {
      let during: unknown;
      respond(async (_request, act) => {
        const others = [await ask(), await ask({ dryRun: true }), await take()].map(({ code }) => code);
        during = [await count(held), (await calls()).length, (await records())[0]?.['state'], ...others];
        return act();
      });
      expect(await ask()).toMatchObject({ applied: true });
      expect(during).toEqual([0, 1, 'PENDING', 'CONFLICT', 'CONFLICT', 'CONFLICT']);
      expect(await count(held)).toBe(1);
    });

    it('is not given when it is refused, and the record says why', async () => {
      const refusals = [
        [409, 'ConflictError', 'CONFLICT'],
        [403, 'UpstreamError', 'UPSTREAM_REJECTED'],
        [402, 'PaymentRequiredError', 'PAYMENT_REQUIRED'],
        [429, 'RateLimitedError', 'RATE_LIMITED'],
      ] as const;
      for (const [status, type, code] of refusals) {
        respond(() => ({ status, body: {} }));
        expect(await ask()).toMatchObject({ __typename: type, code });
      }
      expect([await count(held), await calls()]).toEqual([0, []]);
      expect(await records()).toMatchObject(refusals.map(([, , code]) => ({ state: 'REFUSED', code, settled: true })));
    });

    it('tells what the system does not know by the names that the caller used', async () => {
      const [targetName = '', userName = ''] = (await gateway.keyOf(system, nina, target)).split(' ');
      gateway.fakes[system].missing.add(userName);
      const unknown = { __typename: 'NotFoundError', resourceType: 'USER', resourceId: 'nina@demo.test' };
      expect(await ask({ user: { login: 'nina@demo.test' } })).toMatchObject(unknown);
      gateway.fakes[system].missing.clear();
      gateway.fakes[system].missing.add(targetName);
      expect((await ask())['resourceId']).toBe(system === 'COGNIGY' ? undefined : target);
    });

    it('stays PENDING while the outcome is unknown, and is settled by the worker', async () => {
      respond(broken);
      const answer = await ask();
      expect(answer).toMatchObject({
        ...{ __typename: 'UpstreamError', code: 'UPSTREAM_UNAVAILABLE', outcomeUnknown: true, retryable: false },
        ...{ grant: { state: 'PENDING' }, revocation: null },
      });
      expect(await count(held)).toBe(0);
      expect(await records()).toMatchObject([{ state: 'PENDING', settled: false }]);
      expect([await ask(), await take()].map(({ code }) => code)).toEqual(['CONFLICT', 'CONFLICT']);
      respond(asDocumented);
      await settled();
      expect((await records()).map(({ state }) => state)).toEqual(['DONE', 'REFUSED']);
      expect([await count(held), await gateway.has(system, nina, target)]).toEqual([1, true]);
      expect(await take()).toMatchObject({ applied: true });
      expect([await count(held), await gateway.has(system, nina, target)]).toEqual([0, false]);
    });

    it('follows a system that has it already, unless nobody can say with which role', async () => {
      respond(() => alreadyThere);
      const answer = await ask();
      if (system === 'VOUCHERIFY') {
        expect(answer).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('with which role') });
        expect([await count(held), await calls()]).toEqual([0, []]);
        expect(await records()).toMatchObject([{ state: 'REFUSED', code: 'CONFLICT' }]);
      } else {
        expect(answer).toMatchObject({ applied: true, grant: { state: 'DONE' } });
        expect([await count(held), await calls()]).toEqual([1, []]);
      }
    });

    it('is carried out for a name that only the system knows, and for its name of an entry of the directory', async () => {
      const [targetName = '', userName = ''] = (await gateway.keyOf(system, nina, target)).split(' ');
      const argument = mutation === 'assignUserToProject' ? 'projectId' : 'roleId';
      const named = mutation === 'addGlobalRole' ? {} : { [argument]: targetName };
      expect(await ask({ ...named, user: { id: userName } })).toMatchObject({ applied: true, user: { id: nina } });
      expect(await count(held)).toBe(1);
      const stranger = userName.replace(/.{4}$/, 'abcd');
      const passedOn = await ask({ ...named, user: { id: stranger } });
      expect(passedOn).toMatchObject({ applied: true, user: null, canStartSession: false });
      expect(gateway.fakes[system].assignments.has(`${targetName} ${stranger}`)).toBe(true);
    });

    it('is refused here, unsent, where the user is not active or the name is none of the directory or the system', async () => {
      const malformed = await ask({ user: { id: 'a/b' } });
      expect(malformed).toMatchObject({ __typename: 'InvalidInputError', issues: [{ path: ['input', 'user', 'id'] }] });
      expect([gateway.fakes[system].requests, await records(), await calls()]).toEqual([[], [], []]);
      expect(await ask({ user: { id: 'user_ines' } })).toMatchObject({ __typename: 'ConflictError' });
      expect([gateway.fakes[system].requests, await calls()]).toEqual([[], []]);
    });

    it('restores what a removal took, there and here', async () => {
      await ask();
      const taken = await take();
      const { id: revocationId } = taken['revocation'] as { id: string };
      expect([await count(held), await gateway.has(system, nina, target)]).toEqual([0, false]);
      const restore = (more = {}) => grant(gateway, 'restoreAccess', { revocationId, ...more }, administrator);
      expect(await restore({ dryRun: true })).toMatchObject({ applied: false });
      expect(gateway.fakes[system].requests).toHaveLength(2);
      expect(await restore()).toMatchObject({ applied: true, grant: { state: 'DONE', system } });
      expect([await count(held), await gateway.has(system, nina, target)]).toEqual([1, true]);
      expect(gateway.fakes[system].requests).toHaveLength(3);
      expect(await restore()).toMatchObject({ __typename: 'ConflictError' });
      expect((await records()).at(1)).toMatchObject({ state: 'DONE', revocation_id: revocationId });
    });
  });

  it('is asked for again with the role in the project, where the first attempt did nothing', async () => {
    const input = { projectId: 'proj_TrlkLiH4', user: { id: nina }, role: 'EDITOR' };
    gateway.fakes.VOUCHERIFY.respondWith(() => ({ status: 500, body: 'broken' }));
    const answer = await grant(gateway, 'assignUserToProject', input, credentials.management);
    expect(answer).toMatchObject({ outcomeUnknown: true });
    gateway.fakes.VOUCHERIFY.respondWith(asDocumented);
    await settled();
    expect(gateway.fakes.VOUCHERIFY.projectRoles.get(`proj_TrlkLiH4 ${nina}`)).toBe('EDITOR');
    const members = `select role from project_members where user_id = '${nina}' and project_id = 'proj_TrlkLiH4'`;
    expect(await gateway.rows(members)).toEqual([{ role: 'EDITOR' }]);
  });

  it('waits for a removal that is not settled, is not undone by it, and restores it then', async () => {
    const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
    const input = { projectId: 'proj_TrlkLiH4', user: { id: vera } };
    gateway.fakes.VOUCHERIFY.respondWith(broken);
    const taken = await remove(gateway, 'unassignUserFromProject', input, credentials.management);
    expect(taken).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    const [removal] = await gateway.rows('select id, state from revocations');
    const again = () => grant(gateway, 'assignUserToProject', { ...input, role: 'OWNER' }, credentials.management);
    const restore = () => grant(gateway, 'restoreAccess', { revocationId: removal?.['id'] }, administrator);
    expect([await again(), await restore()].map(({ code }) => code)).toEqual(['CONFLICT', 'CONFLICT']);
    gateway.fakes.VOUCHERIFY.respondWith(asDocumented);
    await settled();
    expect(await restore()).toMatchObject({ applied: true, revocation: { projectRole: 'EDITOR' } });
    // The worker has nothing left that could take it again.
    await gateway.rows(`select settle_upstream_call($1, '{"attempt": 1, "outcome": "DONE"}')`, removal?.['id']);
    const role = `select role from project_members where user_id = '${vera}' and project_id = 'proj_TrlkLiH4'`;
    expect(await gateway.rows(role)).toEqual([{ role: 'EDITOR' }]);
    expect(await gateway.has('VOUCHERIFY', vera, 'proj_TrlkLiH4')).toBe(true);
  });

  it('is for the directory alone where it is about a direct grant, whatever systems there are', async () => {
    await gateway.rows(`delete from user_resources`);
    const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
    await gateway.rows(
      `insert into revocations (id, organization_id, kind, state, user_id, resource_id, requested_user,
         requested_target, actor, credential, requested_at, settled_at, trace_id)
       values ('rev_direct', 'org_demo', 'RESOURCE', 'DONE', $1, 'res_servers', $1, 'res_servers', 'user_ada', 'BEARER',
         now(), now(), 'a')`,
      rob,
    );
    const answer = await grant(gateway, 'restoreAccess', { revocationId: 'rev_direct' }, administrator);
    expect(answer).toMatchObject({ applied: true, grant: { state: 'DONE', system: null } });
    expect(await gateway.rows('select user_id from user_resources')).toEqual([{ user_id: rob }]);
    expect(Object.values(gateway.fakes).flatMap(({ requests }) => requests)).toEqual([]);
  });

  it('is refused where the restored user has no name in the system', async () => {
    await gateway.rows(
      `insert into revocations (id, organization_id, kind, state, user_id, global_role, requested_user, requested_target,
         actor, credential, requested_at, settled_at, trace_id)
       values ('rev_nameless', 'org_demo', 'GLOBAL_ROLE', 'DONE', 'user_noa', 'ODATA', 'user_noa', 'ODATA', 'user_ada',
         'BEARER', now(), now(), 'a')`,
    );
    await gateway.rows(`update users set external_ids = '{}' where id = 'user_noa'`);
    const answer = await grant(gateway, 'restoreAccess', { revocationId: 'rev_nameless' }, administrator);
    expect(answer).toMatchObject({
      ...{ __typename: 'InvalidInputError', issues: [{ path: ['input', 'revocationId'] }] },
      message: expect.stringContaining('COGNIGY'),
    });
    expect([await records(), gateway.fakes.COGNIGY.requests]).toEqual([[], []]);
  });
});
