import type { DiffTarget, SchemaEngine } from '@prisma/schema-engine-wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EmbeddedDatabase, type QueuedPGlite } from '../../src/database/embedded.js';
import { migrate } from '../../src/database/migrate.js';
import { startEmptyEngine } from '../support/databases.js';
import { migrationList, prismaSchema, startSchemaEngine } from '../support/schema-engine.js';

const filters = { externalTables: [], externalEnums: [] };
const models = (content = prismaSchema): DiffTarget => ({
  tag: 'schemaDatamodel',
  files: [{ path: 'schema.prisma', content }],
});
const migrations = (change?: (sql: string) => string): DiffTarget => ({ tag: 'migrations', ...migrationList(change) });
const replace = (text: string, from: string, to: string) => {
  expect(text).toContain(from);
  return text.replace(from, to);
};

describe("Prisma's own tools", () => {
  let database: QueuedPGlite;
  let engine: SchemaEngine;
  beforeAll(async () => {
    database = await startEmptyEngine();
    engine = await startSchemaEngine(database);
  });
  afterAll(() => database.close());

  // The SQL that leads from one to the other.
  const difference = async (from: DiffTarget, to: DiffTarget) =>
    (await engine.diff({ from, to, script: true, exitCode: null, filters })).stdout;
  const none = '-- This is an empty migration.\n';

  test('find schema.prisma and the migrations to agree', async () => {
    expect(await difference(migrations(), models())).toBe(none);
  });

  test('would find a column, an index, a default, a rule of deletion or a name that differs', async () => {
    const changes = [
      ['  description    String?\n', '  description    String\n', 'SET NOT NULL'],
      ['  @@index([userId, startedAt(sort: Desc), id(sort: Desc)])\n', '', 'DROP INDEX'],
      ['@default(true)', '@default(false)', 'SET DEFAULT false'],
      [
        'references: [organizationId, id], onDelete: Cascade',
        'references: [organizationId, id], onDelete: Restrict',
        'RESTRICT',
      ],
      ['@map("tokens_not_before")', '@map("tokens_since")', 'ADD COLUMN     "tokens_since"'],
      ['  OPS_CENTER_USER\n', '', 'global_role_new'],
    ] as const;
    for (const [from, to, expected] of changes) {
      expect(await difference(models(), models(replace(prismaSchema, from, to)))).toContain(expected);
    }
    const renamed = migrations((sql) => sql.replaceAll('"api_keys"', '"keys"'));
    expect(await difference(renamed, models())).toContain('CREATE TABLE "api_keys"');
  });

  test('find nothing left to do where our own migrate has been, and keep the same table', async () => {
    const columns = () =>
      database.query(
        `select column_name, data_type, character_maximum_length, is_nullable, column_default
         from information_schema.columns where table_name = '_prisma_migrations' order by 1`,
      );
    const applied = await migrate(new EmbeddedDatabase(database));
    const ours = await columns();
    expect(await engine.applyMigrations({ migrationsList: migrationList(), filters })).toEqual({
      appliedMigrationNames: [],
    });
    const found = await engine.diagnoseMigrationHistory({
      migrationsList: migrationList(),
      optInToShadowDatabase: true,
      filters,
    });
    expect(found).toMatchObject({ history: null, failedMigrationNames: [], editedMigrationNames: [] });

    await database.exec('drop schema public cascade; create schema public');
    const theirs = await engine.applyMigrations({ migrationsList: migrationList(), filters });
    expect(theirs.appliedMigrationNames).toEqual(applied);
    expect((await columns()).rows).toEqual(ours.rows);
    expect(await migrate(new EmbeddedDatabase(database))).toEqual([]);
  });
});
