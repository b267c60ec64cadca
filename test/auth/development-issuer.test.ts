import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  DevelopmentSecretError,
  loadDevelopmentSecret,
  signDevelopmentToken,
} from '../../src/auth/development-issuer.js';
import { loadConfig } from '../../src/config.js';
import type { Database } from '../../src/database/database.js';
import { UnauthenticatedError } from '../../src/errors.js';
import { openTestDatabase } from '../support/databases.js';
import { authenticator, bearerHeader, now, seedDirectory } from './directory.js';

let root: string;
let dataDir: string;
let database: Database;
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'divest-issuer-'));
  database = await openTestDatabase('embedded');
  await seedDirectory(database);
});
afterAll(async () => {
  await database.close();
  await rm(root, { recursive: true });
});
beforeEach(() => {
  count += 1;
  dataDir = join(root, String(count), 'data');
});

const file = () => join(dataDir, 'development-issuer.secret');
const sign = (overrides: { expiresInSeconds?: number; now?: Date } = {}) =>
  signDevelopmentToken({
    dataDir,
    subject: 'idp|ada',
    organization: 'org_acme',
    roles: ['ORG_ADMIN'],
    expiresInSeconds: 60,
    rolesClaim: 'roles',
    organizationClaim: 'org',
    now,
    ...overrides,
  });
const accept = (env: Record<string, string> = {}) =>
  authenticator(database, { bearer: loadConfig({ DIVEST_DATA_DIR: dataDir, ...env }).bearer });

describe('the secret of the development issuer', () => {
  it('is made once, for its owner only, and leaves no draft behind', async () => {
    const first = await loadDevelopmentSecret(dataDir);
    expect(first).toHaveLength(32);
    expect(await loadDevelopmentSecret(dataDir)).toEqual(first);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await readdir(dataDir)).toEqual(['development-issuer.secret']);
  });

  it('is one, however many ask for it first', async () => {
    const secrets = await Promise.all(Array.from({ length: 20 }, () => loadDevelopmentSecret(dataDir)));
    expect(new Set(secrets.map((secret) => Buffer.from(secret).toString('hex'))).size).toBe(1);
    expect(await readdir(dataDir)).toEqual(['development-issuer.secret']);
  });

  it('is not replaced where its file is damaged; the message names the file, not what is in it', async () => {
    await loadDevelopmentSecret(dataDir);
    await writeFile(file(), 'abcd');
    const failure = await loadDevelopmentSecret(dataDir).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DevelopmentSecretError);
    expect(String(failure)).toContain(file());
    expect(String(failure)).not.toContain('abcd');
    expect(await readFile(file(), 'utf8')).toBe('abcd');
  });
});

describe('a development token', () => {
  it('is a good bearer token for a gateway on the same data directory', async () => {
    const { principal } = await (await accept())(bearerHeader(await sign()));
    expect(principal).toMatchObject({ credential: 'BEARER', actor: 'user_ada', claims: ['ORG_ADMIN'] });
  });

  it('is refused by a gateway on another data directory', async () => {
    const token = await sign();
    dataDir = join(root, `${count}-other`);
    expect((await (await accept())(bearerHeader(token))).error).toBeInstanceOf(UnauthenticatedError);
  });

  it('is refused once it has expired', async () => {
    const token = await sign({ expiresInSeconds: 10, now: new Date(now.getTime() - 60_000) });
    expect((await (await accept())(bearerHeader(token))).error).toBeInstanceOf(UnauthenticatedError);
  });

  it('is refused in production, where no secret is made either', async () => {
    const ask = await accept({ NODE_ENV: 'production', ALLOW_EMBEDDED_DATABASE: 'true' });
    await expect(readdir(dataDir)).rejects.toThrow('ENOENT');
    expect((await ask(bearerHeader(await sign()))).error).toBeInstanceOf(UnauthenticatedError);
  });

  it('is refused where another issuer is configured', async () => {
    const ask = await accept({ JWT_ISSUER: 'https://i.test', JWT_AUDIENCE: 'a', JWT_SECRET: 'x'.repeat(32) });
    expect((await ask(bearerHeader(await sign()))).error).toBeInstanceOf(UnauthenticatedError);
  });
});
