import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoCredentials } from '../../src/demo/credentials.js';
import { loadDemo, PublicSecretsError, prepareDemo } from '../../src/demo/demo.js';
import { demoDirectory } from '../../src/demo/organization.js';
import { databaseKinds, openTestDatabase, type TestDatabase } from '../support/databases.js';
import { bearer, credentials, openTestGateway, type TestGateway } from '../support/gateway.js';
import { remove } from '../support/removals.js';
import { type Caller, examples } from './examples.js';

const headersOf = async (caller: Caller) => {
  switch (caller) {
    case 'administrator':
      return bearer();
    case 'wrong':
      return { ...credentials.management, 'X-Management-Token': 'not-the-token-of-this-id' };
    default:
      return credentials[caller];
  }
};

describe('the demo organization', () => {
  let gateway: TestGateway;

  beforeAll(async () => {
    gateway = await openTestGateway('embedded');
  });
  afterAll(() => gateway.close());

  it.each(examples)('shows $mutation, $status: $what', async ({ mutation, as, input, status, answer }) => {
    const given = await remove(gateway, mutation, { ...input, dryRun: true }, await headersOf(as));
    expect(given.__typename).toBe(answer);
    expect(given['httpStatus'] ?? 204).toBe(status);
  });

  it('shows what Rob loses with Operators, what he keeps and through what', async () => {
    const input = {
      roleId: 'role_550e8400-e29b-41d4-a716-446655440000',
      user: { login: 'rob@demo.test' },
      dryRun: true,
    };
    const answer = await remove(gateway, 'unassignUserFromRole', input, await bearer());
    expect(answer).toMatchObject({
      sessionEffect: 'CONTINUE_UNTIL_EXPIRY',
      canStartSession: true,
      lostResources: { edges: [{ node: { id: 'res_database' } }] },
      keptResources: {
        edges: [
          { node: { id: 'res_reports' }, direct: false, roles: [{ id: 'role_reporting' }] },
          { node: { id: 'res_servers' }, direct: true, roles: [] },
        ],
      },
    });
  });

  it('shows that Leo can start no session without Contractors', async () => {
    const input = { roleId: 'role_contractors', user: { id: 'user_leo' }, dryRun: true };
    expect(await remove(gateway, 'unassignUserFromRole', input, await bearer())).toMatchObject({
      canStartSession: false,
    });
  });

  it.each([
    ['user_vera', 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl', 'StartSessionSuccess'],
    ['user_noa', 'user_noa', 'NoAccessError'],
  ])('answers a session for %s as it should', async (_who, subject, answer) => {
    const headers = await bearer(subject, { roles: [] });
    const result = await gateway.ask('mutation { startSession { __typename } }', {}, headers);
    expect(result.data).toEqual({ startSession: { __typename: answer } });
  });

  it('ends the session that Vera has', async () => {
    const input = { projectId: 'proj_TrlkLiH4', user: { login: 'vera@demo.test' }, dryRun: true };
    const answer = await remove(gateway, 'unassignUserFromProject', input, credentials.management);
    expect(answer).toMatchObject({ sessionEffect: 'ENDED', canStartSession: true });
  });

  it('lets the limit of requests be met where it is low', async () => {
    const limited = await openTestGateway('embedded', { RATE_LIMIT_PER_MINUTE: '1' });
    const input = { projectId: 'proj_TrlkLiH4', user: { login: 'vera@demo.test' }, dryRun: true };
    const answers = [];
    for (let n = 0; n < 2; n++) {
      answers.push(await remove(limited, 'unassignUserFromProject', input, credentials.management));
    }
    await limited.close();
    expect(answers).toMatchObject([{ applied: false }, { __typename: 'RateLimitedError', httpStatus: 429 }]);
  });
});

describe.each(databaseKinds)('loading the demo organization on %s', (kind) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await openTestDatabase(kind);
  });
  afterAll(() => database.close());

  const organizations = () => database.query('select id from organizations order by id');

  it('happens in an empty embedded database outside production, and nowhere else', async () => {
    expect(await prepareDemo(database, true)).toBe(false);
    expect(await organizations()).toEqual([]);
    expect(await prepareDemo(database, false)).toBe(kind === 'embedded');
    expect(await organizations()).toHaveLength(kind === 'embedded' ? 2 : 0);
  });

  it('brings it back to how it was, but never what was revoked', async () => {
    await loadDemo(database);
    await database.query('delete from project_members');
    await database.query('update api_keys set revoked_at = now() where id = $1', [demoCredentials.plainUserKey.id]);
    await loadDemo(database);
    const [members] = await database.query<{ count: number }>('select count(*) as count from project_members');
    expect(members?.count).toBe(demoDirectory.projects.flatMap((project) => project.members ?? []).length);
    const revoked = await database.query('select id from api_keys where revoked_at is not null');
    expect(revoked).toEqual([{ id: demoCredentials.plainUserKey.id }]);
  });

  it('is said to be there once it is, and a database that holds something is left alone', async () => {
    await database.query('delete from project_members');
    expect(await prepareDemo(database, false)).toBe(true);
    expect(await database.query('select 1 from project_members')).toEqual([]);
  });

  it('keeps a gateway in production from starting, until its secrets are revoked', async () => {
    await expect(prepareDemo(database, true)).rejects.toThrow(PublicSecretsError);
    await expect(prepareDemo(database, true)).rejects.toThrow('key_demo-ada, key_demo-mia, mgmt_basic, mgmt_demo');
    await database.query('update api_keys set revoked_at = now()');
    await database.query('update management_tokens set revoked_at = now()');
    expect(await prepareDemo(database, true)).toBe(false);
  });
});
