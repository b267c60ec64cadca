import { type Command, Option } from 'commander';
import type { GraphQLSchema } from 'graphql';
import { loadConfig } from '../config.js';

type Form = 'schema' | 'federation' | 'stitching' | 'introspection' | 'possibleTypes';

const forms: Readonly<Record<Exclude<Form, 'schema'>, string>> = {
  federation: 'as a subgraph of Apollo Federation 2: what _service answers',
  stitching: 'with the directives of schema stitching',
  introspection: 'as the answer to an introspection query, in JSON',
  possibleTypes: 'the members of unions and interfaces only, in JSON, for the caches of clients',
};

export function addPrintSchema(program: Command): void {
  const command = program
    .command('print-schema')
    .description('Print the GraphQL schema, with SCHEMA_TYPE_PREFIX where that is set. Needs no database.')
    .addHelpText('after', '\nExample:\n  $ divest print-schema > schema.graphql')
    .action((chosen: Partial<Record<Form, true>>) => printSchema(chosen));
  const names = Object.keys(forms);
  for (const [name, description] of Object.entries(forms)) {
    const others = names.filter((other) => other !== name);
    command.addOption(new Option(`--${toFlag(name)}`, description).conflicts(others));
  }
}

const toFlag = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

async function printSchema(chosen: Partial<Record<Form, true>>): Promise<void> {
  const { schemaTypePrefix } = loadConfig({ SCHEMA_TYPE_PREFIX: process.env['SCHEMA_TYPE_PREFIX'] });
  const { buildSchema } = await import('../schema/index.js');
  const schema = buildSchema({ typePrefix: schemaTypePrefix });
  const [form = 'schema'] = Object.keys(chosen) as Form[];
  process.stdout.write(await (await findPrinter(form))(schema));
}

async function findPrinter(form: Form): Promise<(schema: GraphQLSchema) => string> {
  switch (form) {
    case 'federation':
      return (await import('../federation/subgraph.js')).printSubgraph;
    case 'stitching':
      return (await import('../federation/stitching.js')).printStitching;
    case 'introspection':
      return (await import('../schema/print.js')).printIntrospection;
    case 'possibleTypes':
      return (await import('../schema/print.js')).printPossibleTypes;
    case 'schema':
      return (await import('../schema/print.js')).printSortedSchema;
  }
}
