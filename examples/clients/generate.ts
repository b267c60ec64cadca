// Makes what the examples hold of the schema: `npm run generate-examples`, after schema.graphql has changed. Another
// folder than examples/clients may be given.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { preset } from '@graphql-codegen/client-preset';
import { codegen } from '@graphql-codegen/core';
import { buildSchema, introspectionFromSchema, parse } from 'graphql';

const folder = resolve(process.argv[2] ?? 'examples/clients');
const sdl = readFileSync(resolve('schema.graphql'), 'utf8');
const schema = buildSchema(sdl);

/** What graphql-codegen's command line does with a codegen.ts (see docs/clients.md), without its hundred packages. */
async function runCodegen(): Promise<void> {
  const example = join(folder, 'apollo-codegen');
  const location = join(example, 'unassign-user-from-project.graphql');
  const rawSDL = readFileSync(location, 'utf8');
  const outputs = await preset.buildGeneratesSection({
    baseOutputDir: 'generated/',
    schema: parse(sdl),
    schemaAst: schema,
    documents: [{ location, rawSDL, document: parse(rawSDL) }],
    config: { useTypeImports: true, enumsAsTypes: true, defaultScalarType: 'unknown', scalars: { DateTime: 'string' } },
    presetConfig: { fragmentMasking: false },
    plugins: [],
    pluginMap: {},
  });
  const output = outputs.find(({ filename }) => filename.endsWith('/graphql.ts'));
  if (!output) {
    throw new Error('The client preset makes no graphql.ts any more.');
  }
  write(join(example, 'generated'), 'graphql.ts', await codegen(output));
}

/** What `gql.tada generate-output` makes, whose command line can't work with TypeScript 7 yet. */
function writeIntrospection(): void {
  const { types, ...rest } = introspectionFromSchema(schema, { descriptions: false, oneOf: true }).__schema;
  // A line for each type, so that a diff shows what changed.
  const lines = types.map((type) => `    ${JSON.stringify(type)},\n`).join('');
  const names = JSON.stringify({ ...rest, directives: [] }).slice(1, -1);
  const text = `export type introspection = {\n  __schema: {\n    ${names},\n    types: [\n${lines}    ];\n  };\n};\n`;
  write(join(folder, 'urql-tada', 'generated'), 'introspection.ts', text);
}

function runRelayCompiler(): void {
  const example = join(folder, 'relay');
  mkdirSync(join(example, 'generated'), { recursive: true });
  const program = createRequire(import.meta.url).resolve('relay-compiler/cli.js');
  execFileSync(process.execPath, [program, '--noWatchman', '--output', 'quiet-with-errors', 'relay.config.json'], {
    cwd: example,
    stdio: 'inherit',
  });
}

function write(directory: string, name: string, text: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, name), text);
}

await runCodegen();
writeIntrospection();
runRelayCompiler();
