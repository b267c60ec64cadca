import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Of one id. Bytes. */
const size = 16;
const pool = new Uint8Array(256 * size);
let next = pool.length;

/**
 * A new UUID of version 7, which begins with the time: what is stored under it lies beside what was stored last. Its random
 * bytes are drawn for many at once: to ask the system for those of each costs ten times what is done with them.
 */
export function createUuid(): string {
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  const random = pool.subarray(next, next + size);
  next += size;
  return v7({ random });
}
