import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import type { QueuedPGlite } from '../../src/database/embedded.js';
import { migrationsFolder } from '../../src/database/migrate.js';
import { startEmptyEngine } from './databases.js';

/** prisma/schema.prisma */
export const prismaSchema = readFileSync(join(migrationsFolder, '..', 'schema.prisma'), 'utf8');

/**
 * Prisma's own schema engine, compiled to WebAssembly, working on `database`. Where it needs a shadow database, it gets
 * an empty one in memory.
 */
export async function startSchemaEngine(database: QueuedPGlite): Promise<SchemaEngine> {
  // The package's own entry imports WebAssembly as a module, which Node doesn't do without a flag.
  const path = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const glue = await import(path);
  const bytes = readFileSync(path.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
  const adapter = bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: 'pglite',
    connect: () => connectTo(database),
    connectToShadowDb: async () => connectTo(await startEmptyEngine()),
  });
  return glue.SchemaEngine.new({ datamodels: [['schema.prisma', prismaSchema]] }, () => {}, adapter);
}

async function connectTo(engine: QueuedPGlite) {
  const adapter = await new PrismaPGlite(engine).connect();
  // The adapter's own loses errors.
  const executeScript = async (script: string) => {
    await engine.exec(script);
  };
  return Object.assign(adapter, { executeScript });
}

/** The migrations as the schema engine takes them; `change` is applied to the SQL of each. */
export function migrationList(change: (sql: string) => string = (sql) => sql): MigrationList {
  const read = (...path: string[]) => readFileSync(join(migrationsFolder, ...path), 'utf8');
  const names = readdirSync(migrationsFolder).filter((name) => !name.endsWith('.toml'));
  return {
    baseDir: migrationsFolder,
    lockfile: { path: 'migration_lock.toml', content: read('migration_lock.toml') },
    shadowDbInitScript: '',
    migrationDirectories: names.sort().map((name) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: change(read(name, 'migration.sql')) } },
    })),
  };
}
