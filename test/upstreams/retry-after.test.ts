import { expect, it } from 'vitest';
import { toSeconds } from '../../src/upstreams/retry-after.js';

const now = Date.parse('2026-02-18T10:30:00Z');

it.each([
  ['17', 17],
  ['0', 0],
  ['Wed, 18 Feb 2026 10:31:30 GMT', 90],
  ['Wed, 18 Feb 2026 10:00:00 GMT', 0],
  ['999999999999999999999', 86_400],
  ['Thu, 18 Feb 2027 10:30:00 GMT', 86_400],
  ['soon', null],
  ['', null],
  [null, null],
])('Retry-After %j asks to wait for %s seconds', (header, seconds) => {
  expect(toSeconds(header, now)).toBe(seconds);
});
