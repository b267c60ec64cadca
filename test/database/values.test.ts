import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toModel } from '../../src/database/rows.js';
import type { User } from '../../src/generated/prisma/client.js';
import { databaseKinds, openTestDatabase, type TestDatabase } from '../support/databases.js';
import { fillDirectory } from './directory.js';

const instant = new Date('2026-02-03T04:05:06.789Z');

describe.each(databaseKinds)('values on %s', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(kind);
    await fillDirectory(database);
  });
  afterAll(() => database.close());

  test('come out alike on every database', async () => {
    const [row] = await database.query(
      `select 'é "quoted" \\' as text, null::text as nothing, true as yes, 42 as integer, count(*) as bigint,
         1.50::numeric as numeric, 0.25::float8 as float, '{"a": [1, null, "x"]}'::jsonb as jsonb, '[{"b": 2}]'::json as json,
         '2026-02-03 05:05:06.789+01'::timestamptz as instant, array['a,b', 'c"d', null, '', 'NULL'] as texts,
         '{}'::text[] as none, array[1, 2] as integers, 'ADMIN'::global_role as role,
         array['ADMIN', 'ODATA']::global_role[] as roles, '{}'::feature[] as features, array[true, false] as booleans`,
    );
    expect(row).toEqual({
      text: 'é "quoted" \\',
      nothing: null,
      yes: true,
      integer: 42,
      bigint: 1,
      numeric: '1.50',
      float: 0.25,
      jsonb: { a: [1, null, 'x'] },
      json: [{ b: 2 }],
      instant,
      texts: ['a,b', 'c"d', null, '', 'NULL'],
      none: [],
      integers: [1, 2],
      role: 'ADMIN',
      roles: ['ADMIN', 'ODATA'],
      features: [],
      booleans: [true, false],
    });
  });

  test('go in alike on every database', async () => {
    const parameters = [
      instant,
      ['a,b', 'c"d', null, '\\'],
      ['ADMIN', 'ODATA'],
      '{"a": [1]}',
      { b: ['x'] },
      7,
      false,
      null,
      'é',
    ];
    const [row] = await database.query(
      `select $1::timestamptz as instant, $2::text[] as texts, $3::global_role[] as roles, $4::jsonb as json,
         $5::jsonb as object, $6::integer as number, $7::boolean as no, $8::text as nothing, $9::text as text`,
      parameters,
    );
    expect(row).toEqual({
      instant,
      texts: ['a,b', 'c"d', null, '\\'],
      roles: ['ADMIN', 'ODATA'],
      json: { a: [1] },
      object: { b: ['x'] },
      number: 7,
      no: false,
      nothing: null,
      text: 'é',
    });
  });

  test('are the same through Prisma, through SQL and in the JSON of a database function', async () => {
    const externalIds = { VOUCHERIFY: 'user_v18m' };
    const where = { id: 'user_ada' };
    await database.prisma.user.update({ where, data: { tokensNotBefore: instant, externalIds, name: 'Ada Ä' } });
    const model = await database.prisma.user.findUniqueOrThrow({ where });
    expect(model).toMatchObject({ tokensNotBefore: instant, externalIds, name: 'Ada Ä', globalRoles: ['BASE_ROLE'] });

    const [row] = await database.query<{ tokens_not_before: Date; json: Record<string, unknown> }>(
      `select tokens_not_before, to_jsonb(u) as json from users u where id = 'user_ada'`,
    );
    expect(row?.tokens_not_before).toEqual(instant);
    expect(toModel<User>(row?.json ?? {})).toEqual(model);
  });

  test('of ids are in one order, and letters beyond ASCII have two cases', async () => {
    await database.query(
      `insert into roles (id, organization_id, name)
       select 'role_' || name, 'org_acme', 'Ä' from unnest(array['a-b', 'aB', 'ab', 'B', 'a', '1', 'Z-', 'z']) as name`,
    );
    const rows = await database.query<{ id: string }>(`select id from roles where name = 'Ä' order by id`);
    const ids = rows.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort());
    const models = await database.prisma.role.findMany({ where: { name: { equals: 'ä', mode: 'insensitive' } } });
    expect(models).toHaveLength(ids.length);
  });

  test('of a transaction are kept when it ends well, and gone when it throws', async () => {
    const insert = (id: string) => `insert into organizations values ('${id}', 'x')`;
    const read = () => database.query(`select id from organizations where name = 'x' order by id`);
    await database.transaction((queries) => queries.query(insert('org_kept')));
    const failing = database.transaction(async (queries) => {
      await queries.query(insert('org_gone'));
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await read()).toEqual([{ id: 'org_kept' }]);
  });

  test('of a transaction whose failed statement was overlooked are not said to be kept', async () => {
    const overlooking = database.transaction(async (queries) => {
      await queries.query(`insert into organizations values ('org_lost', 'x')`);
      await queries.query('select nonsense').catch(() => {});
    });
    await expect(overlooking).rejects.toThrow();
    expect(await database.query(`select 1 from organizations where id = 'org_lost'`)).toEqual([]);
  });
});
