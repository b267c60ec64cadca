import { readFileSync } from 'node:fs';
import { buildClientSchema, type IntrospectionQuery, isAbstractType } from 'graphql';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createProgram } from '../../src/commands/program.js';
import { buildSchema } from '../../src/schema/index.js';
import { printSortedSchema } from '../../src/schema/print.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

async function print(...options: string[]): Promise<string> {
  let printed = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  try {
    await createProgram().parseAsync(['print-schema', ...options], { from: 'user' });
    return printed;
  } finally {
    spy.mockRestore();
  }
}

describe('what is released with every version', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ['schema.graphql', []],
    ['artefacts/introspection.json', ['--introspection']],
    ['artefacts/possibleTypes.json', ['--possible-types']],
    ['test/federation/subgraph.graphql', ['--federation']],
    ['examples/stitching/divest.graphql', ['--stitching']],
  ])('%s is what print-schema prints: `npm run artefacts` makes it so', async (path, options) => {
    expect(await print(...options)).toBe(read(path));
  });

  it('introspection.json makes the same schema', () => {
    const introspection: IntrospectionQuery = JSON.parse(read('artefacts/introspection.json'));
    const schema = buildClientSchema(introspection);
    expect(printSortedSchema(schema)).toBe(read('schema.graphql'));
  });

  it('possibleTypes.json has every union and interface with its members', () => {
    const schema = buildSchema();
    const possibleTypes: Record<string, string[]> = JSON.parse(read('artefacts/possibleTypes.json'));
    const abstractTypes = Object.values(schema.getTypeMap()).filter(isAbstractType);
    expect(Object.keys(possibleTypes).sort()).toEqual(abstractTypes.map(({ name }) => name).sort());
    expect(possibleTypes['RevocationSuccess']).toEqual([
      ...['RemoveGlobalRoleSuccess', 'UnassignUserFromProjectSuccess', 'UnassignUserFromRoleSuccess'],
    ]);
  });

  it.each([['--introspection'], ['--possible-types'], ['--federation'], ['--stitching']])(
    '%s follows SCHEMA_TYPE_PREFIX',
    async (option) => {
      vi.stubEnv('SCHEMA_TYPE_PREFIX', 'Acme');
      const printed = await print(option);
      expect(printed).toContain('AcmeNotFoundError');
      expect(printed).not.toMatch(/\bNotFoundError/);
    },
  );

  it('are printed one at a time', async () => {
    await expect(print('--federation', '--stitching')).rejects.toThrow('cannot be used with');
  });
});
