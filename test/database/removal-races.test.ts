import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openTestDatabase, postgresUrl, type TestDatabase } from '../support/databases.js';
import { type Answer, acme, administrator, call, fillDirectory, joinAllProjects } from './directory.js';

const rounds = 200;
const outcomes = (answers: readonly Answer[]) => answers.map(({ refusal }) => refusal ?? 'DONE').sort();

// Races mean something only where several connections run at once: the embedded database has one.
describe.skipIf(!postgresUrl)('on PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase('postgresql');
    await fillDirectory(database);
    await database.query(
      `insert into users (id, organization_id, login, subject) values
        ('user_x', 'org_acme', 'x', 'x'), ('user_y', 'org_acme', 'y', 'y')`,
    );
    // Every connection is open before the first race.
    await Promise.all(Array.from({ length: 10 }, () => database.query('select pg_sleep(0.1)')));
  });
  afterAll(() => database.close());

  // Nobody else in the organization holds the role then.
  const giveEach = (role: string, userIds: readonly string[]) =>
    database.query(
      `update users set global_roles = case when id = any ($1) then array[$2::global_role] else '{}' end
       where organization_id = 'org_acme'`,
      [userIds, role],
    );
  const removeAs = (callerId: string, userId: string, globalRole: string) =>
    call(
      database,
      'remove_global_role',
      { userId, globalRole },
      { ...administrator, claims: [], credential: 'API_KEY', userId: callerId, actor: callerId },
    );

  describe('four removals of four projects at once', () => {
    beforeEach(() => joinAllProjects(database));

    test('leave one project, in every round', async () => {
      const seen: string[][] = [];
      for (let round = 0; round < rounds; round++) {
        await joinAllProjects(database);
        const removals = acme.projects.map((projectId) =>
          call(database, 'unassign_user_from_project', { userId: acme.ada, projectId }),
        );
        seen.push(outcomes(await Promise.all(removals)));
      }
      expect(seen.filter((round) => round.join() !== 'DONE,DONE,DONE,LAST_PROJECT')).toEqual([]);
    });

    test('are done once when the same one is sent 16 times, in every round', async () => {
      for (let round = 0; round < rounds / 10; round++) {
        await joinAllProjects(database);
        const removals = Array.from({ length: 16 }, () =>
          call(database, 'unassign_user_from_project', { userId: acme.ada, projectId: 'proj_1' }),
        );
        const [first, ...others] = outcomes(await Promise.all(removals));
        expect(first).toBe('DONE');
        expect(new Set(others)).toEqual(new Set(['NOT_ASSIGNED']));
      }
    });
  });

  test('two user managers who remove each other: the second has lost its authority by then', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      await giveEach('USER_MANAGER', ['user_x', 'user_y']);
      const answers = await Promise.all([
        removeAs('user_x', 'user_y', 'USER_MANAGER'),
        removeAs('user_y', 'user_x', 'USER_MANAGER'),
      ]);
      seen.add(outcomes(answers).join());
    }
    expect([...seen]).toEqual(['DONE,FORBIDDEN']);
  });

  test('two administrators who remove each other leave one', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      await giveEach('ADMIN', ['user_x', 'user_y']);
      const answers = await Promise.all([removeAs('user_x', 'user_y', 'ADMIN'), removeAs('user_y', 'user_x', 'ADMIN')]);
      seen.add(outcomes(answers).join());
    }
    expect([...seen]).toEqual(['DONE,FORBIDDEN']);
  });

  test('two administrators whom somebody else removes at once leave one', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      await giveEach('ADMIN', ['user_x', 'user_y']);
      const remove = (userId: string) => call(database, 'remove_global_role', { userId, globalRole: 'ADMIN' });
      seen.add(outcomes(await Promise.all([remove('user_x'), remove('user_y')])).join());
    }
    expect([...seen]).toEqual(['DONE,LAST_ADMINISTRATOR']);
  });

  test('a session that starts during a removal either ends with it or is without what was removed', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      await joinAllProjects(database);
      const sessionId = `sess_race-${round}`;
      const start = () =>
        call(
          database,
          'start_session',
          { sessionId, tokenHash: null, ttlSeconds: 3600 },
          { ...administrator, claims: [], userId: acme.ada, tokenIssuedAt: 4_000_000_000 },
        );
      const remove = () => call(database, 'unassign_user_from_project', { userId: acme.ada, projectId: 'proj_1' });
      await Promise.all(round % 2 === 0 ? [start(), remove()] : [remove(), start()]);
      const [session] = await database.query<{ active: boolean; holds: boolean }>(
        `select ended_at is null as active, 'proj_1' = any (project_ids) as holds from sessions where id = $1`,
        [sessionId],
      );
      seen.add(JSON.stringify(session));
    }
    expect(seen).not.toContain(JSON.stringify({ active: true, holds: true }));
    // Both orders came up, so the race was one.
    expect(seen.size).toBe(2);
  });
});
