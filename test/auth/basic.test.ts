import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBasicAuthorization } from '../../src/auth/basic.js';
import { createGuesses } from '../../src/auth/guesses.js';
import type { Database } from '../../src/database/database.js';
import { openTestDatabase } from '../support/databases.js';
import { now, secrets, seedDirectory } from './directory.js';

let database: Database;
let parts: Parameters<typeof createBasicAuthorization>[0];
let isAuthorized: (header: string | null) => Promise<boolean>;

beforeAll(async () => {
  database = await openTestDatabase('embedded');
  await seedDirectory(database);
  parts = { database, clock: () => now, guesses: createGuesses({ redis: null, log: pino({ level: 'silent' }) }) };
  isAuthorized = createBasicAuthorization(parts);
});
afterAll(() => database.close());

const encode = (text: string) => Buffer.from(text).toString('base64');

describe('Basic authorization', () => {
  it.each([
    ['a management token', `Basic ${encode(`mgmt_ci:${secrets.management}`)}`],
    ['a scheme in lower case', `basic ${encode(`mgmt_ci:${secrets.management}`)}`],
    [
      'one of an organization without the management API',
      `Basic ${encode(`mgmt_bare:${secrets.featurelessManagement}`)}`,
    ],
  ])('opens for %s', async (_, header) => {
    expect(await isAuthorized(header)).toBe(true);
  });

  it.each([
    ['no header', null],
    ['an empty header', ''],
    ['a scheme alone', 'Basic'],
    ['what is not base64', 'Basic mgmt_ci:secret'],
    ['no colon', `Basic ${encode('mgmt_ci')}`],
    ['an empty pair', `Basic ${encode(':')}`],
    ['an empty secret', `Basic ${encode('mgmt_ci:')}`],
    ['a wrong secret', `Basic ${encode('mgmt_ci:wrong')}`],
    ['an unknown id', `Basic ${encode(`mgmt_nobody:${secrets.management}`)}`],
    ['an id with a NUL character', `Basic ${encode(`mgmt_ci\0:${secrets.management}`)}`],
    ['a revoked token', `Basic ${encode(`mgmt_revoked:${secrets.revokedManagement}`)}`],
    ['an expired token', `Basic ${encode(`mgmt_expired:${secrets.expiredManagement}`)}`],
    ['an API key', `Basic ${encode(`key_ada:${secrets.key}`)}`],
    ['another scheme', `Bearer ${encode(`mgmt_ci:${secrets.management}`)}`],
    ['two values that a proxy joined', `Basic ${encode('a:b')}, Basic ${encode(`mgmt_ci:${secrets.management}`)}`],
  ])('does not open for %s', async (_, header) => {
    expect(await isAuthorized(header)).toBe(false);
  });

  it('rejects where the database cannot be asked, instead of answering', async () => {
    const broken = { ...database, query: () => Promise.reject(new Error('away')) } as Database;
    const header = `Basic ${encode(`mgmt_ci:${secrets.management}`)}`;
    await expect(createBasicAuthorization({ ...parts, database: broken })(header)).rejects.toThrow('away');
  });
});
