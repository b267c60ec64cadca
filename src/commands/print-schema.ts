import type { Command } from 'commander';
import { loadConfig } from '../config.js';

export function addPrintSchema(program: Command): void {
  program
    .command('print-schema')
    .description('Print the GraphQL schema, with SCHEMA_TYPE_PREFIX where that is set. Needs no database.')
    .addHelpText('after', '\nExample:\n  $ divest print-schema > schema.graphql')
    .action(printSchema);
}

async function printSchema(): Promise<void> {
  const { schemaTypePrefix } = loadConfig({ SCHEMA_TYPE_PREFIX: process.env['SCHEMA_TYPE_PREFIX'] });
  const [{ buildSchema }, { printSortedSchema }] = await Promise.all([
    import('../schema/index.js'),
    import('../schema/print.js'),
  ]);
  process.stdout.write(printSortedSchema(buildSchema({ typePrefix: schemaTypePrefix })));
}
