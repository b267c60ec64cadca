import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { developmentIssuer } from '../config.js';
import { createUuid } from '../ids.js';

const fileName = 'development-issuer.secret';

/** The development issuer's secret can't be read or made. The message names the file and never its content. */
export class DevelopmentSecretError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DevelopmentSecretError';
  }
}

/**
 * The 32 bytes with which the development issuer signs (HS256), kept in `dataDir`. Made on first use, readable by its
 * owner only. Processes that start at the same time agree on one secret. Throws {@link DevelopmentSecretError} where
 * the file is damaged.
 */
export async function loadDevelopmentSecret(dataDir: string): Promise<Uint8Array> {
  const path = join(dataDir, fileName);
  const text = (await findText(path)) ?? (await createSecret(dataDir, path));
  const secret = Buffer.from(text.trim(), 'hex');
  if (secret.length !== 32) {
    throw new DevelopmentSecretError(`${path} is damaged: delete it, and a new one is made at the next start.`);
  }
  return new Uint8Array(secret);
}

async function findText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return null;
    }
    throw error;
  }
}

// A link appears whole or not at all, and fails where another process was first: nobody ever reads half a secret.
async function createSecret(dataDir: string, path: string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const draft = `${path}.${createUuid()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(32).toString('hex')}\n`);
    await file.sync();
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) {
      throw error;
    }
  } finally {
    await file.close();
    await unlink(draft);
  }
  return readFile(path, 'utf8');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** What a development token says. */
export interface DevelopmentToken {
  readonly dataDir: string;
  readonly subject: string;
  /** The id of an organization. */
  readonly organization: string;
  readonly roles: readonly string[];
  readonly expiresInSeconds: number;
  readonly rolesClaim: string;
  readonly organizationClaim: string;
  readonly now: Date;
}

/** Signs a bearer token that a gateway on the same data directory accepts, outside production only. */
export async function signDevelopmentToken(token: DevelopmentToken): Promise<string> {
  const issuedAt = Math.floor(token.now.getTime() / 1000);
  return new SignJWT({ [token.rolesClaim]: token.roles, [token.organizationClaim]: token.organization })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer(developmentIssuer.issuer)
    .setAudience(developmentIssuer.audience)
    .setSubject(token.subject)
    .setJti(createUuid())
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + token.expiresInSeconds)
    .sign(await loadDevelopmentSecret(token.dataDir));
}
