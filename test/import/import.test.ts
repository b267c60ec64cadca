import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lockTimeoutMs } from '../../src/database/postgresql.js';
import { type ImportOptions, importFile, importSource } from '../../src/import/import.js';
import { DirectoryBusyError, ImportError } from '../../src/import/problems.js';
import { databaseKinds, openTestDatabase, postgresUrl, type TestDatabase } from '../support/databases.js';
import { largeDirectory } from './large-directory.js';

const secret = 'a-secret-that-nobody-may-see';
const hash = (text: string) => createHash('sha256').update(text).digest('hex');

const acme = {
  organizations: [{ id: 'org_acme', name: 'Acme', features: ['MANAGEMENT_API'] }],
  resources: [
    { id: 'res_db', organization: 'org_acme', name: 'Database' },
    { id: 'res_vpn', organization: 'org_acme', name: 'VPN' },
  ],
  users: [
    {
      ...{ id: 'user_ada', organization: 'org_acme', login: 'ada@acme.test', name: 'Ada', subject: 'idp|ada' },
      ...{ orgAdmin: true, active: true, globalRoles: ['ADMIN'], resources: ['res_db'] },
      externalIds: { VOUCHERIFY: 'user_v18M', ENTRYGUARD: '770E8400-E29B-41D4-A716-446655440003' },
    },
    { id: 'user_bob', organization: 'org_acme', login: 'bob@acme.test' },
  ],
  projects: [
    { id: 'proj_1', organization: 'org_acme', name: 'Summer', members: [{ user: 'user_ada', role: 'ADMIN' }] },
    { id: 'proj_2', organization: 'org_acme', name: 'Winter', externalIds: {} },
  ],
  roles: [
    {
      ...{ id: 'role_ops', organization: 'org_acme', name: 'Ops', description: null },
      ...{ resources: ['res_vpn'], users: ['user_ada', 'user_bob'], externalIds: {} },
    },
  ],
  managementTokens: [{ id: 'mgmt_ci', organization: 'org_acme', name: 'ci', token: secret }],
  apiKeys: [{ id: 'key_1', user: 'user_ada', name: 'laptop', key: `${secret}-key` }],
  sessions: [{ id: 'sess_1', user: 'user_ada', expiresAt: '2030-01-01T00:00:00Z' }],
};

const tables = [
  ...['organizations', 'users', 'resources', 'projects', 'roles', 'user_resources', 'project_members'],
  ...['role_resources', 'role_users', 'management_tokens', 'api_keys', 'sessions'],
];

describe.each(databaseKinds)('importing into the directory on %s', (kind) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await openTestDatabase(kind);
  });
  afterAll(() => database.close());

  async function emptyTables() {
    for (const table of tables.toReversed()) {
      await database.query(`delete from ${table}`);
    }
  }

  const importText = (text: string, options?: ImportOptions) => {
    const bytes = Buffer.from(text);
    return importSource(database, { chunks: [bytes], size: bytes.length }, options);
  };
  const load = (content: object, options?: ImportOptions) => importText(JSON.stringify(content), options);
  const rows = (sql: string) => database.query<Record<string, unknown>>(sql);
  const everything = async () => Object.fromEntries(await Promise.all(tables.map(readTable)));
  const readTable = async (table: string) => [
    table,
    await rows(`select to_jsonb(t) as row from ${table} t order by 1`),
  ];

  async function problemsOf(content: object): Promise<string[]> {
    const before = await everything();
    const error = await load(content).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ImportError);
    expect(await everything()).toEqual(before);
    expect(String(error)).not.toContain(secret);
    return (error as ImportError).problems.map(({ path, message }) => `${path}: ${message}`);
  }

  describe('what is good', () => {
    beforeEach(emptyTables);

    it('adds every kind of entry, and stores secrets as hashes', async () => {
      const { entries, warnings } = await load(acme);
      expect(entries).toEqual({
        ...{ organizations: 1, resources: 2, users: 2, projects: 2, roles: 1 },
        ...{ managementTokens: 1, apiKeys: 1, sessions: 1 },
      });
      expect(warnings).toEqual([]);
      expect(await rows('select * from organizations')).toEqual([
        { id: 'org_acme', name: 'Acme', features: ['MANAGEMENT_API'] },
      ]);
      expect(await rows('select * from users order by id')).toEqual([
        {
          ...{ id: 'user_ada', organization_id: 'org_acme', login: 'ada@acme.test', name: 'Ada', subject: 'idp|ada' },
          ...{ org_admin: true, active: true, global_roles: ['ADMIN'], tokens_not_before: null },
          // A UUID in small letters, whatever the file has: it is looked for as such.
          external_ids: { VOUCHERIFY: 'user_v18M', ENTRYGUARD: '770e8400-e29b-41d4-a716-446655440003' },
        },
        {
          ...{ id: 'user_bob', organization_id: 'org_acme', login: 'bob@acme.test', name: null, subject: 'user_bob' },
          ...{ org_admin: false, active: true, global_roles: [], tokens_not_before: null, external_ids: {} },
        },
      ]);
      expect(await rows('select user_id, project_id, role from project_members')).toEqual([
        { user_id: 'user_ada', project_id: 'proj_1', role: 'ADMIN' },
      ]);
      expect(await rows('select user_id from role_users where role_id = $$role_ops$$ order by 1')).toEqual([
        { user_id: 'user_ada' },
        { user_id: 'user_bob' },
      ]);
      expect(await rows('select role_id, resource_id from role_resources')).toEqual([
        { role_id: 'role_ops', resource_id: 'res_vpn' },
      ]);
      expect(await rows('select user_id, resource_id from user_resources')).toEqual([
        { user_id: 'user_ada', resource_id: 'res_db' },
      ]);
      expect(await rows('select token_hash from management_tokens')).toEqual([{ token_hash: hash(secret) }]);
      expect(await rows('select key_hash, organization_id from api_keys')).toEqual([
        { key_hash: hash(`${secret}-key`), organization_id: 'org_acme' },
      ]);
    });

    it('gives an imported session what its user holds, and no token', async () => {
      await load(acme);
      const [session] = await rows('select * from sessions');
      expect(session).toMatchObject({
        ...{ user_id: 'user_ada', organization_id: 'org_acme', token_hash: null, ended_at: null },
        ...{ project_ids: ['proj_1'], role_ids: ['role_ops'], resource_ids: ['res_db', 'res_vpn'] },
        expires_at: new Date('2030-01-01T00:00:00Z'),
      });
    });

    it('changes nothing when the same file is imported again', async () => {
      await load(acme);
      const before = await everything();
      await load(acme);
      expect(await everything()).toEqual(before);
    });

    it('leaves what a file leaves out as it is', async () => {
      await load(acme);
      const before = await everything();
      await load({
        organizations: [{ id: 'org_acme' }],
        resources: [{ id: 'res_db', organization: 'org_acme' }],
        users: [{ id: 'user_ada', organization: 'org_acme' }],
        projects: [{ id: 'proj_1', organization: 'org_acme' }],
        roles: [{ id: 'role_ops', organization: 'org_acme' }],
        managementTokens: [{ id: 'mgmt_ci', organization: 'org_acme' }],
        apiKeys: [{ id: 'key_1', user: 'user_ada' }],
        sessions: [{ id: 'sess_1', user: 'user_ada' }],
      });
      expect(await everything()).toEqual(before);
    });

    it('changes what a file gives, clears what it gives as null, and replaces lists', async () => {
      await load(acme);
      await load({
        organizations: [{ id: 'org_acme', name: 'Acme 2', features: [] }],
        users: [
          {
            id: 'user_ada',
            organization: 'org_acme',
            name: null,
            globalRoles: ['ODATA', 'ODATA', 'ADMIN'],
            resources: [],
          },
          { id: 'user_bob', organization: 'org_acme', active: false, resources: ['res_vpn', 'res_vpn'] },
        ],
        projects: [{ id: 'proj_1', organization: 'org_acme', members: [{ user: 'user_bob', role: 'VIEWER' }] }],
        roles: [{ id: 'role_ops', organization: 'org_acme', description: 'Keeps it running', users: ['user_bob'] }],
        sessions: [{ id: 'sess_1', user: 'user_ada', expiresAt: '2031-01-01T00:00:00+01:00' }],
      });
      expect(await rows('select name, features from organizations')).toEqual([{ name: 'Acme 2', features: [] }]);
      expect(await rows('select login, name, active, global_roles from users order by id')).toEqual([
        { login: 'ada@acme.test', name: null, active: true, global_roles: ['ADMIN', 'ODATA'] },
        { login: 'bob@acme.test', name: null, active: false, global_roles: [] },
      ]);
      expect(await rows('select user_id, resource_id from user_resources')).toEqual([
        { user_id: 'user_bob', resource_id: 'res_vpn' },
      ]);
      expect(await rows('select user_id, role from project_members')).toEqual([
        { user_id: 'user_bob', role: 'VIEWER' },
      ]);
      expect(await rows('select user_id from role_users')).toEqual([{ user_id: 'user_bob' }]);
      expect(await rows('select resource_id from role_resources')).toEqual([{ resource_id: 'res_vpn' }]);
      expect(await rows('select description from roles')).toEqual([{ description: 'Keeps it running' }]);
      expect(await rows('select expires_at, project_ids from sessions')).toEqual([
        { expires_at: new Date('2030-12-31T23:00:00Z'), project_ids: ['proj_1'] },
      ]);
    });

    it('lets the role of a member change', async () => {
      await load(acme);
      const members = [{ user: 'user_ada', role: 'VIEWER' }];
      await load({ projects: [{ id: 'proj_1', organization: 'org_acme', members }] });
      expect(await rows('select user_id, role from project_members')).toEqual([
        { user_id: 'user_ada', role: 'VIEWER' },
      ]);
    });

    it('lets users swap logins and subjects, and take what another gives up', async () => {
      await load(acme);
      const change = (id: string, login: string, subject: string) => ({ id, organization: 'org_acme', login, subject });
      await load({
        users: [
          change('user_ada', 'bob@acme.test', 'user_bob'),
          change('user_bob', 'robert@acme.test', 'idp|ada'),
          change('user_new', 'ada@acme.test', 'idp|new'),
        ],
      });
      expect(await rows('select id, login, subject from users order by id')).toEqual([
        { id: 'user_ada', login: 'bob@acme.test', subject: 'user_bob' },
        { id: 'user_bob', login: 'robert@acme.test', subject: 'idp|ada' },
        { id: 'user_new', login: 'ada@acme.test', subject: 'idp|new' },
      ]);
    });

    it('never brings back a credential that was revoked or a session that has ended', async () => {
      await load(acme);
      await database.query('update management_tokens set revoked_at = now()');
      await database.query('update api_keys set revoked_at = now()');
      await database.query('update sessions set ended_at = now()');
      const before = await everything();
      await load(acme);
      expect(await everything()).toEqual(before);
    });

    it('says so when an organization loses its last administrator, and users their last project', async () => {
      await load(acme);
      const { warnings } = await load({
        users: [{ id: 'user_ada', organization: 'org_acme', globalRoles: [] }],
        projects: [{ id: 'proj_1', organization: 'org_acme', members: [] }],
      });
      expect(warnings).toEqual([
        'org_acme is left without an active user who holds ADMIN',
        'users left without any project: 1',
      ]);
    });

    it('takes the same login in two organizations', async () => {
      await load(acme);
      const users = [{ id: 'user_x', organization: 'org_x', login: 'ada@acme.test', subject: 'idp|ada' }];
      await expect(load({ organizations: [{ id: 'org_x', name: 'X' }], users })).resolves.toBeDefined();
    });

    it('changes nothing where the file ends too early', async () => {
      const text = JSON.stringify(acme);
      await expect(importText(text.slice(0, -1))).rejects.toThrow('sessions: the file ends too early, in line 1');
      expect(await rows('select 1 from organizations')).toEqual([]);
      await expect(load(acme)).resolves.toBeDefined();
    });

    it('imports thousands of users with their projects and roles, and tells how far it is', async () => {
      const text = [...largeDirectory({ users: 2_000, projects: 20, roles: 10, resources: 40 })].join('');
      const shares: number[] = [];
      await importText(text, { onProgress: (_step, share) => shares.push(share) });
      expect(await rows('select count(*) as count from project_members')).toEqual([{ count: 10_000 }]);
      expect(await rows('select count(*) as count from role_users')).toEqual([{ count: 10_000 }]);
      const perUser = 'select distinct count(*) as projects from project_members group by user_id';
      expect(await rows(perUser)).toEqual([{ projects: 5 }]);
      expect(shares).toEqual(shares.toSorted((a, b) => a - b));
      expect(shares.at(-1)).toBe(1);
    });

    it('reads a file, and says so where there is none', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'divest-import-'));
      try {
        const path = join(folder, 'acme.json');
        await writeFile(path, `\ufeff${JSON.stringify(acme, null, 2)}`);
        expect((await importFile(database, path)).entries.users).toBe(2);
        await expect(importFile(database, folder)).rejects.toThrow(ImportError);
        await expect(importFile(database, join(folder, 'none.json'))).rejects.toThrow(ImportError);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  });

  describe('what is wrong', () => {
    beforeAll(async () => {
      await emptyTables();
      await load(acme);
    });

    it.each([
      ['organizations[0].name: is needed, because the organization org_x is new', { organizations: [{ id: 'org_x' }] }],
      [
        'users[0].login: is needed, because the user user_x is new',
        { users: [{ id: 'user_x', organization: 'org_acme' }] },
      ],
      [
        'projects[0].name: is needed, because the project proj_x is new',
        { projects: [{ id: 'proj_x', organization: 'org_acme' }] },
      ],
      [
        'roles[0].name: is needed, because the role role_x is new',
        { roles: [{ id: 'role_x', organization: 'org_acme' }] },
      ],
      [
        'resources[0].name: is needed, because the resource res_x is new',
        { resources: [{ id: 'res_x', organization: 'org_acme' }] },
      ],
      [
        'managementTokens[0].token: is needed, because the management token mgmt_x is new',
        { managementTokens: [{ id: 'mgmt_x', organization: 'org_acme', name: 'x' }] },
      ],
      [
        'apiKeys[0].key: is needed, because the API key key_x is new',
        { apiKeys: [{ id: 'key_x', user: 'user_ada', name: 'x' }] },
      ],
      [
        'sessions[0].expiresAt: is needed, because the session sess_x is new',
        { sessions: [{ id: 'sess_x', user: 'user_ada' }] },
      ],
      [
        'users[0].organization: there is no organization org_none',
        { users: [{ id: 'user_x', organization: 'org_none', login: 'x' }] },
      ],
      [
        'managementTokens[0].organization: there is no organization org_none',
        { managementTokens: [{ id: 'mgmt_x', organization: 'org_none', name: 'x', token: secret }] },
      ],
      [
        'users[0].organization: user_ada belongs to another organization and cannot be moved',
        { organizations: [{ id: 'org_x', name: 'X' }], users: [{ id: 'user_ada', organization: 'org_x' }] },
      ],
      [
        'managementTokens[0].organization: mgmt_ci belongs to another organization and cannot be moved',
        { organizations: [{ id: 'org_x', name: 'X' }], managementTokens: [{ id: 'mgmt_ci', organization: 'org_x' }] },
      ],
      [
        'apiKeys[0].user: key_1 belongs to another user and cannot be moved',
        { apiKeys: [{ id: 'key_1', user: 'user_bob' }] },
      ],
      [
        'sessions[0].user: sess_1 belongs to another user and cannot be moved',
        { sessions: [{ id: 'sess_1', user: 'user_bob' }] },
      ],
      [
        'apiKeys[0].user: there is no user user_none',
        { apiKeys: [{ id: 'key_x', user: 'user_none', name: 'x', key: `${secret}-2` }] },
      ],
      [
        'sessions[0].user: there is no user user_none',
        { sessions: [{ id: 'sess_x', user: 'user_none', expiresAt: '2030-01-01T00:00:00Z' }] },
      ],
      [
        'users[1].id: is in users[0] already',
        { users: [1, 2].map((n) => ({ id: 'user_x', organization: 'org_acme', login: `x${n}`, subject: `x${n}` })) },
      ],
      [
        'users[2].login: is in users[0] already',
        {
          users: ['user_x', 'user_bob', 'user_y'].map((id) => ({
            ...{ id, organization: 'org_acme', login: id === 'user_bob' ? 'bob' : 'same' },
          })),
        },
      ],
      [
        'users[1].login: is in users[0] already',
        {
          users: [
            { id: 'user_bob', organization: 'org_acme' },
            { id: 'user_x', organization: 'org_acme', login: 'bob@acme.test' },
          ],
        },
      ],
      [
        'users[0].login: belongs to user user_bob already',
        { users: [{ id: 'user_x', organization: 'org_acme', login: 'bob@acme.test' }] },
      ],
      [
        'users[0].subject: belongs to user user_bob already',
        { users: [{ id: 'user_x', organization: 'org_acme', login: 'x', subject: 'user_bob' }] },
      ],
      [
        'apiKeys[0].key: is the key of key_1 already',
        { apiKeys: [{ id: 'key_x', user: 'user_ada', name: 'x', key: `${secret}-key` }] },
      ],
      [
        'apiKeys[1].key: is in apiKeys[0] already',
        { apiKeys: ['key_x', 'key_y'].map((id) => ({ id, user: 'user_ada', name: 'x', key: `${secret}-2` })) },
      ],
      [
        'users[0].resources[1]: there is no resource res_none',
        { users: [{ id: 'user_ada', organization: 'org_acme', resources: ['res_db', 'res_none'] }] },
      ],
      [
        'projects[0].members[1].user: there is no user user_none',
        {
          projects: [
            {
              ...{ id: 'proj_1', organization: 'org_acme' },
              members: ['user_ada', 'user_none'].map((user) => ({ user, role: 'X' })),
            },
          ],
        },
      ],
      [
        'roles[0].users[0]: there is no user user_none',
        { roles: [{ id: 'role_ops', organization: 'org_acme', users: ['user_none'] }] },
      ],
      [
        'roles[0].users[0]: user_x belongs to another organization',
        {
          organizations: [{ id: 'org_x', name: 'X' }],
          users: [{ id: 'user_x', organization: 'org_x', login: 'x' }],
          roles: [{ id: 'role_ops', organization: 'org_acme', users: ['user_x'] }],
        },
      ],
      [
        'roles[0].resources[0]: res_db belongs to another organization',
        {
          organizations: [{ id: 'org_x', name: 'X' }],
          roles: [{ id: 'role_x', organization: 'org_x', name: 'X', resources: ['res_db'] }],
        },
      ],
    ])('refuses: %s', async (problem, content) => {
      expect(await problemsOf(content)).toEqual([problem]);
    });

    it('finds malformed entries, all at once, and quotes no secret', async () => {
      const problems = await problemsOf({
        users: [{ id: 'nobody', organization: 'org_acme', login: '' }],
        projects: [{ id: 'proj_1', organization: 'org_acme', members: [{ user: 'user_ada' }], token: secret }],
        managementTokens: [{ id: 'mgmt_x', organization: 'org_acme', name: 'x', token: `${secret} \n` }],
        apiKeys: [{ id: 'key_x', user: 'user_ada', name: 'x', key: 'short' }],
        sessions: [{ id: 'sess_x', user: 'user_ada', expiresAt: 'soon' }],
      });
      expect(problems.map((problem) => problem.slice(0, problem.indexOf(':')))).toEqual([
        'users[0].id',
        'users[0].login',
        'projects[0].members[0].role',
        'projects[0]',
        'managementTokens[0].token',
        'apiKeys[0].key',
        'sessions[0].expiresAt',
        'sessions[0].expiresAt',
      ]);
    });

    it('tells twenty problems and no more', async () => {
      const users = Array.from({ length: 50 }, (_, n) => ({
        id: `user_${n}`,
        organization: 'org_none',
        login: `u${n}`,
      }));
      const problems = await problemsOf({ users });
      expect(problems).toHaveLength(20);
      expect(problems.at(-1)).toBe('users[19].organization: there is no organization org_none');
    });
  });
});

describe.skipIf(postgresUrl === null)('importing beside a running gateway', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await openTestDatabase('postgresql');
  });
  afterAll(() => database.close());

  const load = (content: object, options?: ImportOptions) => {
    const bytes = Buffer.from(JSON.stringify(content));
    return importSource(database, { chunks: [bytes], size: bytes.length }, options);
  };

  it.each([
    ['a user of the file', 'user_bob', { users: [{ id: 'user_bob', organization: 'org_acme', name: 'Bob' }] }],
    ['a member who is added', 'user_bob', toMembers(['user_ada', 'user_bob'])],
    ['a member who is left out', 'user_ada', toMembers([])],
    ['the organization', 'org_acme', { users: [{ id: 'user_bob', organization: 'org_acme', name: 'Bob' }] }],
  ])('waits for a removal that holds %s, for a bounded time, and changes nothing', async (_what, id, content) => {
    await load(acme);
    const table = id.startsWith('org') ? 'organizations' : 'users';
    await database.transaction(async (removal) => {
      await removal.query(`select 1 from ${table} where id = $1 for no key update`, [id]);
      await expect(load(content, { lockTimeoutMs: 200 })).rejects.toThrow(DirectoryBusyError);
    });
    await expect(load(content)).resolves.toBeDefined();
  });

  it('waits longer than a request would', async () => {
    await load(acme);
    const removal = database.transaction(async ({ query }) => {
      await query("select 1 from users where id = 'user_bob' for no key update");
      await query(`select pg_sleep(${(lockTimeoutMs + 500) / 1000})`);
    });
    await expect(load(acme)).resolves.toBeDefined();
    await removal;
  });

  it('lets one import wait for another', async () => {
    const imports = Array.from({ length: 4 }, () => load(acme));
    await expect(Promise.all(imports)).resolves.toHaveLength(4);
  });

  it('checks a file against what another import has just written', async () => {
    for (let round = 0; round < 5; round++) {
      const organization = `org_race-${round}`;
      const toContent = (id: string) => ({
        organizations: [{ id: organization, name: 'Race' }],
        users: [{ id, organization, login: 'same@race.test' }],
      });
      const results = await Promise.allSettled(['a', 'b'].map((name) => load(toContent(`user_${name}-${round}`))));
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { name: 'ImportError' } });
    }
  });

  it('neither loses a removal nor waits for one for ever', async () => {
    const caller = {
      ...{ organizationId: 'org_acme', credential: 'BEARER', actor: 'subject:x', userId: null, claims: ['ORG_ADMIN'] },
      ...{ tokenIssuedAt: null, traceId: '0'.repeat(32) },
    };
    const users = ['user_ada', 'user_bob'];
    for (let round = 0; round < 20; round++) {
      await load({ ...acme, roles: [{ ...acme.roles[0], users }] });
      const removals = users.map((userId) => {
        const request = { userId, roleId: 'role_ops', dryRun: false, revocationId: `rev_${round}-${userId.slice(5)}` };
        return database.query<{ answer: { applied: boolean } }>(
          'select unassign_user_from_role($1::jsonb, $2::jsonb) as answer',
          [JSON.stringify(caller), JSON.stringify(request)],
        );
      });
      const withoutRoles = { users: acme.users.toReversed(), projects: acme.projects };
      const [, ...answers] = await Promise.all([load(withoutRoles), ...removals]);
      expect(answers.map(([row]) => row?.answer.applied)).toEqual([true, true]);
      expect(await database.query('select 1 from role_users')).toEqual([]);
    }
  });
});

function toMembers(users: readonly string[]) {
  const members = users.map((user) => ({ user, role: 'ADMIN' }));
  return { projects: [{ id: 'proj_1', organization: 'org_acme', members }] };
}
