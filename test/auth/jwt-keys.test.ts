import { generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Authenticate } from '../../src/auth/authenticate.js';
import type { Database } from '../../src/database/database.js';
import { InternalError, UnauthenticatedError } from '../../src/errors.js';
import { openTestDatabase } from '../support/databases.js';
import { authenticator, bearer, bearerHeader, claims, seedDirectory, sign } from './directory.js';

/** A key server on this machine that counts how often it is asked. */
class KeyServer {
  keys: JWK[] = [];
  asked = 0;
  answer: RequestListener = (_, response) => this.#answerKeys(response);
  readonly #server: Server = createServer((request, response) => {
    this.asked += 1;
    this.answer(request, response);
  });

  async listen(port = 0): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`;
  }

  async close() {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #answerKeys(response: Parameters<RequestListener>[1]) {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: this.keys }));
  }
}

/** A key pair, its public half as the key server shows it, and tokens that it signs. */
async function createKey(kid: string, alg = 'ES256') {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  const token = (header: { kid?: string } = { kid }) =>
    new SignJWT(claims()).setProtectedHeader({ alg, ...header }).sign(privateKey);
  return { jwk, token, publicKey };
}

let database: Database;
let server: KeyServer;
let url: string;
let authenticate: Authenticate;

beforeAll(async () => {
  database = await openTestDatabase('embedded');
  await seedDirectory(database);
});
afterAll(() => database.close());
beforeEach(async () => {
  // jose measures the age of a key set by the system's clock.
  vi.useFakeTimers({ toFake: ['Date'] });
  server = new KeyServer();
  url = await server.listen();
  authenticate = await authenticator(database, { bearer: { ...bearer, key: { jwksUrl: url } } });
});
afterEach(async () => {
  vi.useRealTimers();
  await server.close();
});

const ask = async (token: string) => authenticate(bearerHeader(token));
const later = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

describe('a token of an issuer with a key set', () => {
  it.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])('is good when signed with %s', async (alg) => {
    const key = await createKey('one', alg);
    server.keys = [key.jwk];
    expect((await ask(await key.token())).principal?.actor).toBe('user_ada');
  });

  it('has the key set fetched once for many tokens', async () => {
    const key = await createKey('one');
    server.keys = [key.jwk];
    const tokens = await Promise.all(Array.from({ length: 10 }, () => key.token()));
    const answers = await Promise.all(tokens.map(ask));
    expect(answers.every(({ error }) => error === null)).toBe(true);
    expect(server.asked).toBe(1);
  });

  it('needs no key id where the set holds one key', async () => {
    const key = await createKey('one');
    server.keys = [key.jwk];
    expect((await ask(await key.token({}))).error).toBeNull();
  });

  it('is refused when another key signed it under a known id', async () => {
    const [known, forger] = await Promise.all([createKey('one'), createKey('one')]);
    server.keys = [known.jwk];
    expect((await ask(await forger.token())).error).toBeInstanceOf(UnauthenticatedError);
  });

  it('is refused when it is signed with the public key as if that were a shared secret', async () => {
    const key = await createKey('one', 'RS256');
    server.keys = [key.jwk];
    for (const secret of [await exportSPKI(key.publicKey), JSON.stringify(key.jwk), String(key.jwk.n)]) {
      expect((await ask(await sign({}, secret))).error).toBeInstanceOf(UnauthenticatedError);
    }
    expect(server.asked).toBe(0);
  });

  it('is refused when its key is too short to be safe', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    server.keys = [{ ...(publicKey.export({ format: 'jwk' }) as JWK), kid: 'one', alg: 'RS256' }];
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${encode({ alg: 'RS256', kid: 'one' })}.${encode(claims())}`;
    const token = `${input}.${signBytes('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
    expect((await ask(token)).error).toBeInstanceOf(UnauthenticatedError);
  });

  it('is refused when a shared secret is in the set', async () => {
    server.keys = [{ kty: 'oct', kid: 'one', alg: 'HS256', k: Buffer.from('x'.repeat(32)).toString('base64url') }];
    expect((await ask(await sign({}, 'x'.repeat(32)))).error).toBeInstanceOf(UnauthenticatedError);
  });
});

describe('a key server that changes its keys', () => {
  it('has its new key fetched at the first token of it, once the cooldown is over', async () => {
    const [first, second] = await Promise.all([createKey('one'), createKey('two')]);
    server.keys = [first.jwk];
    expect((await ask(await first.token())).error).toBeNull();
    server.keys = [first.jwk, second.jwk];
    later(11);
    expect((await ask(await second.token())).principal?.actor).toBe('user_ada');
    expect((await ask(await first.token())).error).toBeNull();
    expect(server.asked).toBe(2);
  });

  it('has a withdrawn key forgotten within ten minutes', async () => {
    const [first, second] = await Promise.all([createKey('one'), createKey('two')]);
    server.keys = [first.jwk];
    expect((await ask(await first.token())).error).toBeNull();
    server.keys = [second.jwk];
    later(601);
    expect((await ask(await first.token())).error).toBeInstanceOf(UnauthenticatedError);
  });

  it('is not flooded by tokens with unknown key ids', async () => {
    const [known, unknown] = await Promise.all([createKey('one'), createKey('other')]);
    server.keys = [known.jwk];
    for (let round = 0; round < 20; round++) {
      expect((await ask(await unknown.token({ kid: `other-${round}` }))).error).toBeInstanceOf(UnauthenticatedError);
    }
    expect(server.asked).toBe(1);
  });
});

describe('a key server that does not answer well', () => {
  const broken: [string, RequestListener][] = [
    ['an error', (_, response) => response.writeHead(500).end()],
    ['nothing found', (_, response) => response.writeHead(404).end('{"keys":[]}')],
    ['what is no JSON', (_, response) => response.end('<html>')],
    ['no key set', (_, response) => response.end('{"keys":"none"}')],
    ['null', (_, response) => response.end('null')],
    [
      'half an answer',
      (request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('{"keys":', () => request.socket.destroy());
      },
    ],
    ['a broken connection', (request) => request.socket.destroy()],
    ['a broken key', (_, response) => response.end('{"keys":[{"kty":"EC","crv":"P-256","kid":"one","alg":"ES256"}]}')],
  ];

  const isUnavailable = async (token: string) => {
    const { principal, error } = await ask(token);
    expect(principal).toBeNull();
    expect(error).toBeInstanceOf(InternalError);
    expect(error?.code).toBe('UNAVAILABLE');
  };

  it.each(broken)('makes tokens unavailable, neither good nor bad: %s', async (_, answer) => {
    const key = await createKey('one');
    server.keys = [key.jwk];
    server.answer = answer;
    await isUnavailable(await key.token());
  });

  it('is not followed elsewhere', async () => {
    const [key, other] = [await createKey('one'), new KeyServer()];
    other.keys = [key.jwk];
    const location = await other.listen();
    server.answer = (_, response) => response.writeHead(302, { location }).end();
    await isUnavailable(await key.token());
    expect(other.asked).toBe(0);
    await other.close();
  });

  it('is waited for three seconds at most', async () => {
    const key = await createKey('one');
    server.answer = () => {};
    const started = performance.now();
    await isUnavailable(await key.token());
    expect(performance.now() - started).toBeLessThan(4500);
  });

  it('is asked again by the next token after a second, and by none before', async () => {
    const key = await createKey('one');
    server.keys = [key.jwk];
    const { answer } = server;
    server.answer = (_, response) => response.writeHead(503).end();
    for (let i = 0; i < 20; i++) {
      await isUnavailable(await key.token());
    }
    expect(server.asked).toBe(1);
    server.answer = answer;
    await isUnavailable(await key.token());
    later(1);
    expect((await ask(await key.token())).principal?.actor).toBe('user_ada');
  });

  it('is not needed for keys that are known, for ten minutes', async () => {
    const key = await createKey('one');
    server.keys = [key.jwk];
    expect((await ask(await key.token())).error).toBeNull();
    server.answer = (_, response) => response.writeHead(503).end();
    later(590);
    expect((await ask(await key.token())).error).toBeNull();
    later(20);
    await isUnavailable(await key.token());
  });

  it('makes tokens unavailable where nothing listens', async () => {
    const key = await createKey('one');
    const gone = new KeyServer();
    const address = await gone.listen();
    await gone.close();
    const elsewhere = await authenticator(database, { bearer: { ...bearer, key: { jwksUrl: address } } });
    expect((await elsewhere(bearerHeader(await key.token()))).error?.code).toBe('UNAVAILABLE');
  });
});
