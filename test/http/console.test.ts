import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { createYoga } from 'graphql-yoga';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerContext } from '../../src/context.js';
import { type ConsoleParts, useConsole } from '../../src/http/console.js';
import { useResponseHeaders } from '../../src/http/response-headers.js';
import { useTraceId } from '../../src/http/trace-id.js';
import { createLogger } from '../../src/log.js';
import { buildConsole } from '../console/stage.js';

const log = createLogger({ logLevel: 'silent' });

describe('the page of the console', () => {
  let place: string;
  let folder: URL;
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'divest-console-page-'));
    folder = await buildConsole(join(place, 'built'));
  });
  afterAll(() => rm(place, { recursive: true }));

  const serve = (parts: Partial<ConsoleParts> = {}) => {
    const isAuthorized = async (header: string | null) => header === 'Basic good';
    const page = useConsole({ access: 'on', isAuthorized, typePrefix: '', log, folder, ...parts });
    const yoga = createYoga<ServerContext>({ plugins: [useTraceId(), useResponseHeaders(), page], logging: false });
    return (headers: Record<string, string> = {}, init: RequestInit = {}, path = '/console') =>
      yoga.fetch(`http://localhost${path}`, { ...init, headers });
  };

  it('holds its script and styles, and loads nothing', async () => {
    const response = await serve()();
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const html = await response.text();
    const markup = html.replace(/<script type="module">.*<\/script>|<style>.*?<\/style>/gs, '');
    expect(markup.match(/\b(?:src|href)="(?!data:)/)).toBeNull();
    expect(markup).toContain('<html lang="en">');
    const [styles = ''] = /<style>.*?<\/style>/s.exec(html) ?? [];
    expect(styles.length).toBeGreaterThan(1000);
    expect(styles).not.toMatch(/@import|url\(/);
  });

  it('is small', async () => {
    const response = await serve()({ 'accept-encoding': 'gzip' });
    expect((await response.arrayBuffer()).byteLength).toBeLessThan(24 * 1024);
  });

  it('may run its own script and talk to its own server, and nothing else', async () => {
    const policy = (await serve()()).headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      expect.stringMatching(/^script-src 'sha256-[A-Za-z0-9+/]{43}='$/),
      expect.stringMatching(/^style-src 'sha256-[A-Za-z0-9+/]{43}='$/),
      'img-src data:',
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
  });

  it('is sent compressed to those who take that, and not again to those who have it', async () => {
    const ask = serve();
    const response = await ask({ 'accept-encoding': 'br, gzip' });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(Buffer.from(await response.arrayBuffer())).toString()).toBe(await (await ask()).text());
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    const tag = response.headers.get('etag') ?? '';
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`]) {
      const again = await ask({ 'if-none-match': known });
      expect([again.status, await again.text()]).toEqual([304, '']);
      expect(again.headers.get('etag')).toBe(tag);
    }
    expect((await ask({ 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('has the length of what is sent, whatever was sent before', async () => {
    const ask = serve();
    const waysOfAsking = [
      {},
      { 'accept-encoding': 'gzip' },
      { 'if-none-match': '*' },
      { 'accept-encoding': 'gzip' },
      {},
    ];
    for (const headers of waysOfAsking) {
      const response = await ask(headers);
      const { byteLength } = await response.arrayBuffer();
      expect(response.headers.get('content-length')).toBe(String(byteLength));
    }
  });

  it('knows the type prefix of its gateway', async () => {
    const plain = await serve()();
    const prefixed = await serve({ typePrefix: 'Acme' })();
    expect(await prefixed.text()).toContain('name="divest-type-prefix" content="Acme"');
    expect(prefixed.headers.get('etag')).not.toBe(plain.headers.get('etag'));
  });

  it('is at its address alone, and for reading', async () => {
    expect((await serve()({}, { method: 'POST' })).status).toBe(405);
    expect((await serve()({}, {}, '/console/')).status).toBe(404);
  });

  it('is for holders of a management token where the setting is basic', async () => {
    const ask = serve({ access: 'basic' });
    const anonymous = await ask();
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="divest", charset="UTF-8"',
    ]);
    expect((await ask({ authorization: 'Basic wrong' })).status).toBe(401);
    expect((await ask({ authorization: 'Basic good' })).status).toBe(200);
  });

  it('is not there where it is off', async () => {
    expect((await serve({ access: 'off' })()).status).toBe(404);
  });

  it('says no more than that it is unavailable where it was not built, and is there once it is', async () => {
    const later = pathToFileURL(`${join(place, 'later')}/`);
    const ask = serve({ folder: later });
    const missing = await ask();
    expect(missing.status).toBe(503);
    expect(await missing.text()).not.toContain(place);
    await buildConsole(join(place, 'later'));
    expect((await ask()).status).toBe(200);
  });
});
