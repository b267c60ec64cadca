import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CompiledCli, openBuiltCli } from '../commands/compiled.js';
import { postgresUrl } from '../support/databases.js';
import { credentials, type Headers } from '../support/gateway.js';
import { isFull } from './extent.js';
import { type Forger, forgeries } from './forged-tokens.js';
import { createIssuerKey, KeyServer } from './key-server.js';
import { type ObservedGateway, startObservedGateway } from './observed-gateway.js';

const query = '{ viewer { credential } }';
const mutation = 'mutation { startSession { __typename ... on AccessError { code retryable } } }';

interface Seen {
  readonly status: number;
  readonly code: string | null;
  readonly text: string;
  readonly retryAfter: string | null;
}

async function ask({ origin }: ObservedGateway, headers: Headers, document = query): Promise<Seen> {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ query: document }),
  });
  const text = await response.text();
  const code = /"code":"(\w+)"/.exec(text)?.[1] ?? null;
  return { status: response.status, code, text, retryAfter: response.headers.get('retry-after') };
}
const bearerOf = (token: string) => ({ Authorization: `Bearer ${token}` });
const withoutTraceId = ({ text }: Seen) => text.replace(/"traceId":"\w+"/, '');

describe.runIf(postgresUrl)('a gateway whose issuer has a key set', () => {
  const [keyServer, ownServer] = [new KeyServer(), new KeyServer()];
  let cli: CompiledCli;
  let gateway: ObservedGateway;
  let forger: Forger;
  const settings = () => ({ JWT_SECRET: '', JWT_JWKS_URL: keyServer.url });

  beforeAll(async () => {
    cli = openBuiltCli();
    await keyServer.open();
    await ownServer.open();
    const [rsa, ec, own] = await Promise.all([
      createIssuerKey('rsa-1'),
      createIssuerKey('ec-1', 'ES256'),
      createIssuerKey('own-1'),
    ]);
    keyServer.keys = [rsa.jwk, ec.jwk];
    ownServer.keys = [own.jwk, { ...own.jwk, kid: 'rsa-1' }];
    forger = { rsa, ec, own, ownUrl: ownServer.url };
    gateway = await startObservedGateway(cli, settings());
  });
  afterAll(async () => {
    await gateway.stop();
    await Promise.all([keyServer.close(), ownServer.close(), cli.remove()]);
  });

  it('lets its tokens in', async () => {
    for (const key of [forger.rsa, forger.ec]) {
      expect((await ask(gateway, bearerOf(await key.sign()))).text).toBe('{"data":{"viewer":{"credential":"BEARER"}}}');
    }
  });

  it.each(forgeries)('refuses a token %s, as it refuses any', async (_what, make) => {
    const refused = await ask(gateway, bearerOf('wrong'));
    const seen = await ask(gateway, bearerOf(await make(forger)));
    expect([seen.status, seen.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(withoutTraceId(seen)).toBe(withoutTraceId(refused));
  });

  it('has asked nobody but its own key server, and still lets its tokens in', async () => {
    expect(ownServer.asked).toBe(0);
    expect((await ask(gateway, bearerOf(await forger.rsa.sign()))).status).toBe(200);
    expect(gateway.isAlive()).toBe(true);
  });

  it('asks the key server once in a cool-down at most, whatever ids of keys a thousand tokens name', async () => {
    const start = performance.now();
    const before = keyServer.asked;
    const tokens = await Promise.all(
      Array.from({ length: isFull ? 1_000 : 100 }, (_, i) => forger.own.sign({}, { kid: `unknown-${i}` })),
    );
    // Half at once, half one after the other.
    const half = tokens.length / 2;
    const seen = await Promise.all(tokens.slice(0, half).map((token) => ask(gateway, bearerOf(token))));
    for (const token of tokens.slice(half)) {
      seen.push(await ask(gateway, bearerOf(token)));
    }
    expect(new Set(seen.map(({ code }) => code))).toEqual(new Set(['UNAUTHENTICATED']));
    const cooldowns = Math.ceil((performance.now() - start) / 10_000);
    expect(keyServer.asked - before).toBeLessThanOrEqual(cooldowns);
  });

  it('lets a new key’s tokens in when its cool-down is over, without a start', async () => {
    const next = await createIssuerKey('rsa-2');
    keyServer.keys = [forger.rsa.jwk, forger.ec.jwk, next.jwk];
    await vi.waitFor(async () => expect((await ask(gateway, bearerOf(await next.sign()))).status).toBe(200), {
      timeout: 20_000,
      interval: 1_000,
    });
  });

  describe('and no key server', () => {
    it('goes on with the keys that it knows, and can’t tell about others', async () => {
      await keyServer.close();
      expect((await ask(gateway, bearerOf(await forger.rsa.sign({ roles: [] })))).status).toBe(200);
      expect(gateway.isAlive()).toBe(true);
      await keyServer.open();
    });

    it('says, cold, that it can’t tell; never that a token is wrong; and recovers', async () => {
      keyServer.keys = [forger.rsa.jwk];
      await keyServer.close();
      const cold = await startObservedGateway(cli, settings());
      const good = bearerOf(await forger.rsa.sign());
      expect(await ask(cold, good)).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
      const { text } = await ask(cold, good, mutation);
      expect(JSON.parse(text)).toEqual({
        data: { startSession: { __typename: 'InternalError', code: 'UNAVAILABLE', retryable: true } },
      });
      expect(text).not.toMatch(/127\.0\.0\.1|ECONN|jwks/i);
      // What needs no key is answered.
      expect((await ask(cold, credentials.management)).status).toBe(200);
      expect((await ask(cold, bearerOf('wrong'))).code).toBe('UNAUTHENTICATED');
      await keyServer.open();
      await vi.waitFor(async () => expect((await ask(cold, good)).status).toBe(200), { timeout: 10_000 });
      expect(await cold.stop()).toBe(0);
    });
  });

  it('limits brute force on one management id, and leaves its owner in', async () => {
    const attacked = await startObservedGateway(cli);
    const wrong = (n: number) => ({ ...credentials.management, 'X-Management-Token': `wrong-${n}` });
    const seen: Seen[] = [];
    for (let round = 0; round < (isFull ? 50 : 6); round++) {
      seen.push(...(await Promise.all(Array.from({ length: 20 }, (_, n) => ask(attacked, wrong(20 * round + n))))));
      expect((await ask(attacked, credentials.management)).status).toBe(200);
    }
    const codes = seen.map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['UNAUTHENTICATED', 'RATE_LIMITED']));
    expect(seen.find(({ status }) => status === 429)?.retryAfter).toMatch(/^\d+$/);
    expect(await attacked.stop()).toBe(0);
  });
});
