import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sections } from '../../src/import/entries.js';
import { ImportError } from '../../src/import/problems.js';
import { EntryReader, type RawEntry } from '../../src/import/reader.js';

const secret = 'a-secret-that-nobody-may-see';
const bytes = (text: string) => new TextEncoder().encode(text);

function read(...chunks: Uint8Array[]): RawEntry[] {
  const reader = new EntryReader(sections);
  const entries = chunks.flatMap((chunk) => reader.read(chunk));
  reader.end();
  return entries;
}

function problemOf(...chunks: Uint8Array[]): string {
  try {
    read(...chunks);
  } catch (error) {
    if (error instanceof ImportError) {
      expect(error.message).not.toContain(secret);
      return error.problems.map(({ path, message }) => `${path}: ${message}`).join('\n');
    }
    throw error;
  }
  return 'no problem';
}

const toWeakRef = ({ value }: RawEntry) => new WeakRef(value as object);

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

describe('reading an import file', () => {
  it('gives every entry with its section and its place', () => {
    const file = '{ "users": [{ "id": 1 }, {}], "roles": [], "projects": [{ "members": [{ "user": "x" }] }] }';
    expect(read(bytes(file))).toEqual([
      { section: 'users', position: 0, value: { id: 1 } },
      { section: 'users', position: 1, value: {} },
      { section: 'projects', position: 0, value: { members: [{ user: 'x' }] } },
    ]);
  });

  it('takes an object without any section', () => {
    expect(read(bytes(' {} \n'))).toEqual([]);
  });

  it('gives what JSON.parse gives, wherever the file is cut into pieces', () => {
    const entry = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue(), { maxKeys: 4 });
    const file = fc.record({ users: fc.array(entry), roles: fc.array(entry) });
    fc.assert(
      fc.property(file, fc.nat({ max: 3 }), fc.integer({ min: 1, max: 7 }), (content, indent, size) => {
        const whole = bytes(JSON.stringify(content, null, indent));
        const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, n) =>
          whole.subarray(n * size, (n + 1) * size),
        );
        const parsed = JSON.parse(JSON.stringify(content)) as Record<string, unknown[]>;
        const expected = Object.entries(parsed).flatMap(([section, list]) =>
          list.map((value, position) => ({ section, position, value })),
        );
        expect(read(...pieces)).toEqual(expected);
      }),
    );
  });

  it('keeps no entry once it was given', async () => {
    const reader = new EntryReader(sections);
    reader.read(bytes('{ "users": ['));
    const given = Array.from({ length: 100 }, () => reader.read(bytes('{ "id": 1 },')).map(toWeakRef)).flat();
    // A reference that was just made holds its object until the present task ends.
    await setImmediate();
    collectGarbage();
    expect(given).toHaveLength(100);
    expect(given.filter((entry) => entry.deref()).length).toBeLessThan(5);
  });

  it('takes UTF-8 with a byte order mark and refuses UTF-16', () => {
    expect(read(new Uint8Array([0xef, 0xbb, 0xbf]), bytes('{ "users": [{}] }'))).toHaveLength(1);
    expect(problemOf(new Uint8Array([0xff, 0xfe, 0x7b, 0x00]))).toBe('file: must be UTF-8, not UTF-16');
  });

  it.each([
    ['', 'file: is empty'],
    ['   ', 'file: the file ends too early, in line 1'],
    ['[]', 'file: must be JSON: one object with the sections as its keys'],
    ['"users"', 'file: must be JSON: one object with the sections as its keys'],
    ['hello', 'file: is not JSON (in line 1 or soon after)'],
    ['{ "people": [] }', `file: has no section "people"; the sections are ${[...sections].join(', ')}`],
    ['{ "users": [], "roles": [], "users": [] }', 'users: is in the file twice'],
    ['{ "users": {} }', 'users: must be a list'],
    [`{ "users": "${secret}" }`, 'users: must be a list'],
    ['{ "users": null }', 'users: must be a list'],
    ['{ "users": [{}, 5] }', 'users[1]: must be an object'],
    [`{ "users": ["${secret}"] }`, 'users[0]: must be an object'],
    ['{ "users": [{}, [{}]] }', 'users[1]: must be an object'],
    ['{ "users": [{},] }', 'users[1]: is not JSON (in line 1 or soon after)'],
    ['{ "users": [{} {}] }', 'users[1]: is not JSON (in line 1 or soon after)'],
    [`{\n"users": [\n{},\n{ "id": "${secret}", oops }] }`, 'users[1]: is not JSON (in line 4 or soon after)'],
    [
      `{ "managementTokens": [{ "token": "${secret}" "id": 1 }] }`,
      'managementTokens[0]: is not JSON (in line 1 or soon after)',
    ],
    [
      `{ "managementTokens": [{ "token": "${secret}\n" }] }`,
      'managementTokens[0]: is not JSON (in line 1 or soon after)',
    ],
    ['{ "users": [{ "id": 01 }] }', 'users[0]: is not JSON (in line 1 or soon after)'],
    ["{ 'users': [] }", 'file: is not JSON (in line 1 or soon after)'],
    ['{ "users": []', 'users: the file ends too early, in line 1'],
    ['{\n"users": [{}, {\n"id": "u', 'users[1]: the file ends too early, in line 3'],
    ['{ "users": [{}], "ro', 'users: the file ends too early, in line 1'],
    ['{ "users": [] } {}', 'file: nothing may follow the closing }'],
    ['{ "users": [] } 1', 'file: nothing may follow the closing }'],
    ['{ "users": [] } tru', 'file: nothing may follow the closing }'],
  ])('says what is wrong with %j', (file, problem) => {
    expect(problemOf(bytes(file))).toBe(problem);
    expect(problemOf(...[...bytes(file)].map((byte) => new Uint8Array([byte])))).toBe(problem);
  });

  it('refuses bytes that are not UTF-8', () => {
    const file = [...bytes('{ "users": [{}, { "id": "'), 0xc3, 0x28, ...bytes('" }] }')];
    expect(problemOf(new Uint8Array(file))).toBe('users[1]: is not UTF-8 (in line 1 or soon after)');
  });

  it('refuses an entry that would not fit into memory', () => {
    const link = bytes(`"${'x'.repeat(1000)}",`);
    const piece = new Uint8Array(1000 * link.length);
    for (let n = 0; n < 1000; n++) {
      piece.set(link, n * link.length);
    }
    expect(problemOf(bytes('{ "roles": [{}, { "users": ['), ...Array(80).fill(piece))).toBe(
      'roles[1]: is larger than 64 MB',
    );
  });

  it('refuses a text that would not fit into memory', () => {
    const piece = new Uint8Array(256 * 1024).fill(0x78);
    expect(problemOf(bytes('{ "users": [{ "id": "'), ...Array(5).fill(piece))).toBe(
      'users[0]: holds a text or a gap larger than 1 MB',
    );
  });
});
