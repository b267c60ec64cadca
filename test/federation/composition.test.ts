import { readFileSync } from 'node:fs';
import { assertCompositionFailure, assertCompositionSuccess } from '@theguild/federation-composition';
import { buildSchema as buildSchemaOf, Kind, type ObjectTypeDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { printSubgraph } from '../../src/federation/subgraph.js';
import { buildSchema } from '../../src/schema/index.js';
import { alike, people, tickets } from './other-subgraphs.js';
import type { Definition } from './subgraph-server.js';
import { tryToCompose } from './supergraph.js';

const schema = buildSchema();
const sdl = printSubgraph(schema);
const own = { name: 'divest', url: 'http://divest.test', typeDefs: sdl };
const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable", "@external"])';
const toSubgraph = ({ name, typeDefs }: Pick<Definition, 'name' | 'typeDefs'>) => ({
  name,
  url: `http://${name}.test`,
  typeDefs: `${link} ${typeDefs}`,
});

const objects = parse(sdl).definitions.filter(
  (node): node is ObjectTypeDefinitionNode => node.kind === Kind.OBJECT_TYPE_DEFINITION,
);
const namesWith = (directive: string) =>
  objects
    .filter(({ directives }) => directives?.some(({ name }) => name.value === directive))
    .map(({ name }) => name.value);
const implementersOf = (name: string) =>
  objects.filter((type) => type.interfaces?.some((one) => one.name.value === name)).map((type) => type.name.value);

describe('the subgraph', () => {
  it('is the one in subgraph.graphql', () => {
    expect(sdl).toBe(readFileSync(new URL('subgraph.graphql', import.meta.url), 'utf8'));
  });

  it('has a key on whatever is a Node, and on nothing else', () => {
    expect(implementersOf('Node').length).toBeGreaterThanOrEqual(7);
    expect(namesWith('key')).toEqual(implementersOf('Node'));
  });

  it('shares the error types, what they consist of, and PageInfo', () => {
    expect(namesWith('shareable').sort()).toEqual([...implementersOf('AccessError'), 'InputIssue', 'PageInfo'].sort());
  });

  it('never shares a field, so no mutation either', () => {
    const fields = objects.flatMap((type) => type.fields ?? []);
    expect(fields.filter(({ directives }) => directives?.length)).toEqual([]);
    expect(namesWith('shareable')).not.toContain('Mutation');
  });

  it('has all of the schema but for what is there for Federation alone', () => {
    const withDirectives = sdl.replace(
      /^extend schema .*$/m,
      'directive @key(fields: String!) on OBJECT\ndirective @shareable on OBJECT',
    );
    const names = (all: object) => Object.keys(all).filter((name) => !name.startsWith('_'));
    const printed = buildSchemaOf(withDirectives);
    // Float is in none of the types; graphql-js adds it, and only to a schema it made from nothing.
    const expected = names(schema.getTypeMap()).filter((name) => name !== 'Float');
    expect(names(printed.getTypeMap()).sort()).toEqual(expected.sort());
    expect(Object.keys(printed.getTypeMap()).filter((name) => /^_[^_]/.test(name))).toEqual([]);
    expect(Object.keys(printed.getQueryType()?.getFields() ?? {}).sort()).toEqual(
      names(schema.getQueryType()?.getFields() ?? {}).sort(),
    );
  });
});

describe('the composition', () => {
  it('takes a subgraph that extends User', () => {
    const result = tryToCompose([own, toSubgraph(people)]);
    assertCompositionSuccess(result);
    const user = buildSchemaOf(result.publicSdl).getType('User');
    expect(user?.toString()).toBe('User');
    expect(result.publicSdl).toContain('department: String!');
    expect(result.publicSdl).not.toMatch(/_entities|_service/);
  });

  it('takes a subgraph with the same PageInfo and the same error', () => {
    assertCompositionSuccess(tryToCompose([own, toSubgraph(alike)]));
  });

  it('refuses a subgraph with a NotFoundError of its own', () => {
    const result = tryToCompose([own, toSubgraph(tickets)]);
    assertCompositionFailure(result);
    expect(result.errors.map(({ message }) => message).join()).toContain('NotFoundError');
  });

  it('takes it with a type prefix, under which the entities keep their names', () => {
    const typeDefs = printSubgraph(buildSchema({ typePrefix: 'Divest' }));
    const result = tryToCompose([{ ...own, typeDefs }, toSubgraph(tickets), toSubgraph(people)]);
    assertCompositionSuccess(result);
    const composed = buildSchemaOf(result.publicSdl);
    expect(['NotFoundError', 'DivestNotFoundError', 'User'].map((name) => String(composed.getType(name)))).toEqual([
      ...['NotFoundError', 'DivestNotFoundError', 'User'],
    ]);
    expect(typeDefs).toMatch(/type DivestNotFoundError implements DivestAccessError @shareable/);
    expect(typeDefs).toMatch(/type User implements DivestNode @key\(fields: "id"\)/);
  });

  it('refuses a subgraph with a mutation of the same name', () => {
    const typeDefs = `type Query { ping: String } type Mutation { unassignUserFromProject: String @shareable }`;
    const result = tryToCompose([own, toSubgraph({ name: 'rival', typeDefs })]);
    assertCompositionFailure(result);
    expect(result.errors.map(({ message }) => message).join()).toContain('unassignUserFromProject');
  });
});
