import { gunzipSync } from 'node:zlib';
import { isObjectType, isUnionType, parse, validate } from 'graphql';
import { describe, expect, it, vi } from 'vitest';
import { createTabs } from '../../src/http/graphiql-tabs.js';
import { buildSchema } from '../../src/schema/index.js';
import { ask, createSmallGateway, send } from './small-gateway.js';

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const schema = buildSchema({ typePrefix: '' });
const tabs = createTabs(schema, {});
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});

describe('the tabs of GraphiQL', () => {
  it('hold a document each that fits the schema', () => {
    for (const { query, variables } of tabs) {
      expect(validate(schema, parse(query))).toEqual([]);
      expect(() => JSON.parse(variables || '{}')).not.toThrow();
    }
  });

  it('begin with who is calling, hold every mutation, a user’s access, the record of removals, and some errors', () => {
    const names = tabs.map(({ query }) => /^(?:query|mutation|subscription) (\w+)/.exec(query)?.[1]);
    const expected = mutations.map(({ name }) => name.charAt(0).toUpperCase() + name.slice(1));
    const refused = ['UserNotAssignedError', 'LastProjectError', 'LastAdministratorError'];
    expect(names).toEqual(['Viewer', ...expected, 'OffboardingProgress', 'User', 'AccessChanges', ...refused]);
  });

  it.each(mutations.map((field) => [field.name, field] as const))('spell out every member of %s', (name, field) => {
    const tab = tabs.find(({ query }) => query.includes(`  ${name}`));
    const union = 'ofType' in field.type ? field.type.ofType : field.type;
    const members = isUnionType(union) ? union.getTypes() : [];
    expect(members.length).toBeGreaterThan(3);
    for (const member of members) {
      expect(tab?.query).toContain(`... on ${member.name} {`);
    }
  });

  it.each(['', 'Divest'])('are within the limits of documents (type prefix: "%s")', async (typePrefix) => {
    const prefixed = buildSchema({ typePrefix });
    for (const { query } of createTabs(prefixed, {})) {
      expect(validate(prefixed, parse(query))).toEqual([]);
      const { body } = await ask(createSmallGateway(), query);
      expect(['GRAPHQL_VALIDATION_FAILED', 'NOT_ACCEPTABLE', undefined]).toContain(body.errors?.[0].extensions.code);
    }
  });

  it('tell at every error where to read of it, and where that is there is the reference', async () => {
    for (const { name } of mutations) {
      const tab = tabs.find(({ query }) => query.includes(`  ${name}`));
      expect(tab?.query).toMatch(/^ +# What each error means: \/errors\n +\.\.\. on AccessError \{$/m);
    }
    expect((await send(createSmallGateway(), {}, '/errors')).body).toMatch(/^# Errors\n/);
  });

  it('name examples of the demo that fit the inputs', () => {
    for (const field of mutations) {
      const tab = tabs.find(({ query }) => query.includes(`  ${field.name}`));
      const { input = {} } = JSON.parse(tab?.variables || '{}');
      const inputType = field.args[0] && 'ofType' in field.args[0].type ? field.args[0].type.ofType : null;
      const known = inputType && 'getFields' in inputType ? Object.keys(inputType.getFields()) : [];
      expect(known).toEqual(expect.arrayContaining(Object.keys(input)));
      expect(isObjectType(schema.getMutationType())).toBe(true);
    }
  });

  it('have the headers of their field, or those of the rest', () => {
    const headers = { startSession: { Authorization: 'Bearer a' }, '*': { 'X-API-Key': 'b' } };
    const [viewer, ...others] = createTabs(schema, headers);
    expect(JSON.parse(viewer?.headers ?? '')).toEqual({ 'X-API-Key': 'b' });
    expect(JSON.parse(others.find(({ query }) => query.includes('startSession'))?.headers ?? '')).toEqual({
      Authorization: 'Bearer a',
    });
  });
});

describe('the GraphiQL page', () => {
  const gateway = createSmallGateway({ demoHeaders: async () => ({ '*': { 'X-API-Key': 'demo-key' } }) });

  it('is served to browsers, and loads nothing', async () => {
    const { status, headers, body } = await send(gateway, { headers: browser });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers.get('cache-control')).toBe('no-store');
    const markup = body.replace(/<script>.*<\/script>|<style>.*?<\/style>|<a href="\/\w+"/gs, '');
    expect(markup).not.toMatch(/\b(?:src|href|url)\b(?!="data:)/);
    const [styles] = /<style>.*?<\/style>/s.exec(body) ?? [''];
    expect(styles.match(/@import|url\(\s*["']?(?:https?:|\/)/g)).toBeNull();
    expect(body.includes('demo-key')).toBe(true);
  });

  it('may run its own script and talk to its own server, and nothing else', async () => {
    const { headers } = await send(gateway, { headers: browser });
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/script-src 'sha256-[A-Za-z0-9+/]{43}='(;|$)/);
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
  });

  it('is sent compressed to those who take that', async () => {
    const response = await gateway.yoga.fetch('http://localhost/graphql', {
      headers: { ...browser, 'accept-encoding': 'br, gzip' },
    });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(response.headers.get('vary')).toContain('Accept-Encoding');
    const compressed = Buffer.from(await response.arrayBuffer());
    expect(gunzipSync(compressed).includes('demo-key')).toBe(true);
    expect(
      (await send(gateway, { headers: { ...browser, 'accept-encoding': 'gzip;q=0' } })).headers.get('content-encoding'),
    ).toBeNull();
  });

  it('is made once', async () => {
    const demoHeaders = vi.fn(async () => ({}));
    const counted = createSmallGateway({ demoHeaders });
    await Promise.all([send(counted, { headers: browser }), send(counted, { headers: browser })]);
    await send(counted, { headers: browser });
    expect(demoHeaders).toHaveBeenCalledTimes(1);
  });

  it('is tried again where it could not be made', async () => {
    const demoHeaders = vi.fn().mockRejectedValueOnce(new Error('hunter2')).mockResolvedValue({});
    const failing = createSmallGateway({ demoHeaders });
    const first = await send(failing, { headers: browser });
    expect([first.status, JSON.stringify(first.body).includes('hunter2')]).toEqual([503, false]);
    expect((await send(failing, { headers: browser })).status).toBe(200);
  });

  it('is for holders of a management token where the setting is basic', async () => {
    const basic = createSmallGateway({ config: { graphiql: 'basic' } });
    const anonymous = await send(basic, { headers: browser });
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="divest", charset="UTF-8"',
    ]);
    expect((await send(basic, { headers: { ...browser, authorization: 'Basic wrong' } })).status).toBe(401);
    expect((await send(basic, { headers: { ...browser, authorization: 'Basic good' } })).status).toBe(200);
    expect((await ask(basic, '{ viewer { name } }')).status).toBe(200);
  });

  it('leads to the error reference, and to the console where there is one', async () => {
    const linksOf = async (...parameters: Parameters<typeof createSmallGateway>) => {
      const { body } = await send(createSmallGateway(...parameters), { headers: browser });
      return [...body.matchAll(/<a href="(\/[^"]*)"/g)].map(([, path]) => path);
    };
    expect(await linksOf()).toEqual(['/errors']);
    expect(await linksOf({ consolePath: '/console' })).toEqual(['/errors', '/console']);
  });

  it('is not there where it is off', async () => {
    const { status, headers } = await send(createSmallGateway({ config: { graphiql: 'off' } }), { headers: browser });
    expect(status).toBe(403);
    expect(headers.get('content-type')).toContain('json');
  });
});
