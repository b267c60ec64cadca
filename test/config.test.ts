import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../src/config.js';

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems : [String(error)];
  }
}

const production = { NODE_ENV: 'production', DATABASE_URL: 'postgresql://db.test/divest' };
const issuer = { JWT_ISSUER: 'https://issuer.test', JWT_AUDIENCE: 'divest' };

describe('the settings', () => {
  it('may all be left out outside production', () => {
    expect(loadConfig({})).toMatchObject({
      production: false,
      host: 'localhost',
      port: 4000,
      databaseUrl: null,
      dataDir: '.divest',
      rateLimitPerMinute: 600,
      maxInFlight: 400,
      maxEventLoopDelayMs: 250,
      introspection: 'on',
      graphiql: 'on',
      console: 'on',
      metrics: 'on',
      bearer: { issuer: 'divest-development' },
      cxone: null,
    });
  });

  it('are stricter in production: no development issuer, no GraphiQL, introspection for known callers', () => {
    expect(loadConfig(production)).toMatchObject({
      bearer: null,
      introspection: 'authenticated',
      graphiql: 'off',
      console: 'off',
      metrics: 'basic',
    });
  });

  it('name every problem at once, and never the value of a secret', () => {
    const secret = 'short-secret-value';
    const problems = problemsOf({
      NODE_ENV: 'production',
      PORT: '70000',
      CORS_ORIGINS: 'https://a.test/path',
      GRAPHIQL: 'yes',
      JWT_SECRET: secret,
    });
    expect(problems.join('\n')).not.toContain(secret);
    const named = problems.map((problem) => problem.split(' ')[0]).sort();
    // What is malformed doesn't hide what is missing.
    expect(named).toEqual([
      'CORS_ORIGINS',
      'DATABASE_URL',
      'GRAPHIQL',
      'JWT_AUDIENCE',
      'JWT_ISSUER',
      'JWT_SECRET',
      'PORT',
    ]);
  });

  it.each([
    ['a database in production', { NODE_ENV: 'production' }, 'DATABASE_URL'],
    ['keys for an issuer', issuer, 'JWT_JWKS_URL'],
    [
      'one source of keys only',
      { ...issuer, JWT_SECRET: 'x'.repeat(32), JWT_JWKS_URL: 'https://k.test' },
      'JWT_JWKS_URL',
    ],
    ['an audience for an issuer', { JWT_ISSUER: 'https://i.test', JWT_SECRET: 'x'.repeat(32) }, 'JWT_AUDIENCE'],
    ['a key server by https', { ...issuer, JWT_JWKS_URL: 'http://keys.test' }, 'JWT_JWKS_URL'],
    ['a whole number', { RATE_LIMIT_PER_MINUTE: '1.5' }, 'RATE_LIMIT_PER_MINUTE'],
    ['a bound that lets nothing in', { MAX_IN_FLIGHT: '0' }, 'MAX_IN_FLIGHT'],
    ['true or false', { ALLOW_API_KEY_IN_QUERY: '1' }, 'ALLOW_API_KEY_IN_QUERY'],
    ['a PostgreSQL URL', { DATABASE_URL: 'mysql://db.test' }, 'DATABASE_URL'],
    ['a file of upstreams that is there', { UPSTREAMS_FILE: '/nowhere/upstreams.json' }, 'UPSTREAMS_FILE'],
    ['a known NODE_ENV', { NODE_ENV: 'Production' }, 'NODE_ENV'],
    ['different claims', { JWT_ROLES_CLAIM: 'org' }, 'JWT_ROLES_CLAIM'],
    [
      'different audiences of one issuer',
      {
        ...issuer,
        JWT_SECRET: 'x'.repeat(32),
        CXONE_ISSUER: 'https://issuer.test',
        CXONE_AUDIENCE: 'divest',
        CXONE_SECRET: 'x'.repeat(32),
      },
      'CXONE_AUDIENCE',
    ],
  ])('want %s', (_what, env, name) => {
    expect(problemsOf(env)).toEqual([expect.stringMatching(new RegExp(`^${name} `))]);
  });

  it('take the embedded database in production where it is asked for, and an empty value for none', () => {
    const config = loadConfig({ NODE_ENV: 'production', ALLOW_EMBEDDED_DATABASE: 'true', REDIS_URL: '' });
    expect(config).toMatchObject({ databaseUrl: null, redisUrl: null });
    expect(Object.isFrozen(config)).toBe(true);
  });
});
