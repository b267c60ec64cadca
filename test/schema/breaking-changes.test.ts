import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/schema/index.js';
import { printSortedSchema } from '../../src/schema/print.js';
import { findBreakingChanges } from './breaking-changes.js';

const released = readFileSync(new URL('released.graphql', import.meta.url), 'utf8');

/** The released schema with one thing changed. */
function change(from: string | RegExp, to: string): string {
  const changed = released.replace(from, to);
  expect(changed).not.toBe(released);
  return changed;
}

it('the schema breaks no client of the released one', async () => {
  expect(await findBreakingChanges(released, printSortedSchema(buildSchema()))).toEqual([]);
});

describe('a change that breaks clients', () => {
  it.each([
    ['a field is gone', /\n {2}"""Unique in its organization[^"]*"""\n {2}login: String!\n/, '\n'],
    ['a field may be null now', 'login: String!', 'login: String'],
    ['a field has another type', 'orgAdmin: Boolean!', 'orgAdmin: String!'],
    ['an argument is required now', 'filter: UserFilter\n', 'filter: UserFilter!\n'],
    ['an input wants more', 'projectId: ID!\n', 'projectId: ID!\n  ticket: String!\n'],
    ['a union lost a member', 'union StartSessionResult = ForbiddenError | ', 'union StartSessionResult = '],
    ['a union got a member', 'union StartSessionResult = ', 'union StartSessionResult = ConflictError | '],
    ['an enum lost a value', /\n {2}"""[^"]*"""\n {2}CONTINUE_UNTIL_EXPIRY\n/, '\n'],
    ['an enum that is answered got a value', 'enum SessionEffect {', 'enum SessionEffect {\n  PAUSED'],
    ['a type lost an interface', 'type ConflictError implements AccessError', 'type ConflictError'],
    ['a dry run is the default now', 'dryRun: Boolean! = false', 'dryRun: Boolean! = true'],
    ['what is missing is ignored by default', 'onMissing: OnMissing! = ERROR', 'onMissing: OnMissing! = IGNORE'],
    ['an argument has another default', 'activeOnly: Boolean! = true', 'activeOnly: Boolean! = false'],
    ['an optional argument has a default now', 'filter: UserFilter\n', 'filter: UserFilter = { search: "a" }\n'],
    ['the items of a list may be null now', 'globalRoles: [GlobalRole!]!', 'globalRoles: [GlobalRole]!'],
    ['an enum of inputs lost a value', /\n {2}"""[^"]*"""\n {2}IGNORE\n/, '\n'],
    ['an input takes one of its fields only now', 'input EndSessionInput {', 'input EndSessionInput @oneOf {'],
    ['a mutation has another name', '  endSession(', '  stopSession('],
  ])('is that %s', async (_what, from, to) => {
    expect(await findBreakingChanges(released, change(from, to))).not.toEqual([]);
  });
});

describe('a change that breaks no client', () => {
  it.each([
    ['there is a new field', 'login: String!', 'login: String!\n  phone: String'],
    ['there is a new type', 'type Viewer {', 'type Badge {\n  id: ID!\n}\n\ntype Viewer {'],
    [
      'there is a new entity',
      'union _Entity = ',
      'type Team implements Node {\n  id: ID!\n}\n\nunion _Entity = Team | ',
    ],
    ['an input takes more', 'projectId: ID!\n', 'projectId: ID!\n  ticket: String\n'],
    ['an argument takes more', 'filter: UserFilter\n', 'filter: UserFilter\n    active: Boolean\n'],
    ['an enum of inputs got a value', 'enum OnMissing {', 'enum OnMissing {\n  WARN'],
    ['a description says more', 'The caller’s organization.', 'The organization of the caller.'],
    ['something is not recommended any more', 'orgAdmin: Boolean!', 'orgAdmin: Boolean! @deprecated(reason: "x")'],
  ])('is that %s', async (_what, from, to) => {
    expect(await findBreakingChanges(released, change(from, to))).toEqual([]);
  });
});
