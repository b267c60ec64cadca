import { defineConfig } from 'prisma/config';

// `prisma generate` looks for an engine binary that it then never runs. Naming one that is always
// there keeps the build free of downloads.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
});
