import { validate, version } from 'uuid';
import { expect, test } from 'vitest';
import { createUuid } from '../src/ids.js';

test('UUIDs are of version 7, begin with the time, and none comes twice', () => {
  const [before, uuids] = [Date.now(), Array.from({ length: 2_000 }, createUuid)];
  expect(uuids.every((uuid) => validate(uuid) && version(uuid) === 7)).toBe(true);
  expect(new Set(uuids).size).toBe(2_000);
  // Also by what is random in them: of the time, all may have the same.
  expect(new Set(uuids.map((uuid) => uuid.slice(15))).size).toBe(2_000);
  const [since, until] = [before, Date.now()];
  for (const uuid of uuids) {
    const at = Number.parseInt(uuid.replace('-', '').slice(0, 12), 16);
    expect(at >= since && at <= until).toBe(true);
  }
});
