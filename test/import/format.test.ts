import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { importSource } from '../../src/import/import.js';
import { openTestDatabase } from '../support/databases.js';

it('the example of docs/import.md can be imported', async () => {
  const text = readFileSync(new URL('../../docs/import.md', import.meta.url), 'utf8');
  const [, example = ''] = /```json\n(.*?)```/s.exec(text) ?? [];
  const database = await openTestDatabase('embedded');
  const bytes = Buffer.from(example);
  const { entries } = await importSource(database, { chunks: [bytes], size: bytes.length });
  await database.close();
  expect(Object.values(entries)).toEqual(Array.from({ length: 8 }, () => 1));
});
