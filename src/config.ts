import type { z } from 'zod';
import { variables } from './config-variables.js';
import type { TracingSettings } from './tracing/tracing.js';
import { readUpstreams, type UpstreamSettings } from './upstreams/settings.js';

/** How the tokens of one issuer are checked. Keys come from its key set (JWKS) or are one shared secret (HS256). */
export interface TokenIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly key: { readonly jwksUrl: string } | { readonly secret: string } | { readonly developmentSecretIn: string };
  readonly rolesClaim: string;
  readonly organizationClaim: string;
}

type Access = 'on' | 'basic' | 'off';
export type Introspection = 'on' | 'authenticated' | 'off';

/** Every setting of the gateway, checked and frozen. Made by {@link loadConfig} only. */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Null: the embedded database in `dataDir`. */
  readonly databaseUrl: string | null;
  /** Where the embedded database and the development issuer's secret are kept. */
  readonly dataDir: string;
  /** Connections of one gateway to PostgreSQL at most. */
  readonly databasePoolSize: number;
  readonly redisUrl: string | null;
  /** Null: bearer tokens are refused. */
  readonly bearer: TokenIssuer | null;
  /** Null: CXone tokens are refused. */
  readonly cxone: TokenIssuer | null;
  readonly allowApiKeyInQuery: boolean;
  /** Root fields of one principal in a minute; 0 is off. */
  readonly rateLimitPerMinute: number;
  /** Requests under way and waiting at most; more are answered 503. Half of them at most are one organization's. */
  readonly maxInFlight: number;
  /** Milliseconds; a gateway that is later lets no request wait. */
  readonly maxEventLoopDelayMs: number;
  readonly sessionTtlSeconds: number;
  readonly introspection: Introspection;
  readonly graphiql: Access;
  readonly console: Access;
  readonly metrics: Access;
  readonly corsOrigins: readonly string[];
  readonly schemaTypePrefix: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** How long a stopping gateway waits for what is under way. */
  readonly shutdownGraceSeconds: number;
  /** Where spans go; null: nowhere, and none are made. */
  readonly traces: TracingSettings | null;
  /** Which organization's removals are carried out where. Empty: all of them in the directory alone. */
  readonly upstreams: readonly UpstreamSettings[];
}

/** The settings are wrong or missing: `problems` names each variable and what is wrong with it. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The settings are not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

export const developmentIssuer = { issuer: 'divest-development', audience: 'divest' } as const;

type Variables = z.infer<typeof variables>;
type Given = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings from `env`, the only way in which the process's environment reaches the gateway. An empty value
 * counts as none. Throws {@link ConfigError} with every problem at once.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given: Given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = variables.safeParse(given);
  const { upstreams, problems: upstreamProblems } = readUpstreams(given['UPSTREAMS_FILE'] ?? null, given);
  const problems = [...crossChecks(given), ...upstreamProblems];
  for (const issue of parsed.error?.issues ?? []) {
    problems.push(`${issue.path.join('.')} ${issue.message}`);
  }
  if (!parsed.success || problems.length > 0) {
    throw new ConfigError(problems);
  }
  return Object.freeze({ ...toConfig(parsed.data), upstreams });
}

// On what was given, not on what it came to: a setting that is malformed must not hide that others are missing.
function crossChecks(v: Given): string[] {
  const problems = [...issuerProblems(v, 'JWT'), ...issuerProblems(v, 'CXONE')];
  if (v['NODE_ENV'] === 'production' && !v['DATABASE_URL'] && v['ALLOW_EMBEDDED_DATABASE'] !== 'true') {
    problems.push('DATABASE_URL must be set in production (or ALLOW_EMBEDDED_DATABASE=true)');
  }
  if (v['JWT_ISSUER'] && v['JWT_ISSUER'] === v['CXONE_ISSUER'] && v['JWT_AUDIENCE'] === v['CXONE_AUDIENCE']) {
    problems.push('CXONE_AUDIENCE must differ from JWT_AUDIENCE where the issuer is the same: either may do more');
  }
  if ((v['JWT_ROLES_CLAIM'] ?? 'roles') === (v['JWT_ORGANIZATION_CLAIM'] ?? 'org')) {
    problems.push('JWT_ROLES_CLAIM must differ from JWT_ORGANIZATION_CLAIM');
  }
  return problems;
}

/** The four variables of an issuer belong together: all of them, with exactly one source of keys, or none. */
function issuerProblems(v: Given, prefix: 'JWT' | 'CXONE'): string[] {
  const given = [v[`${prefix}_ISSUER`], v[`${prefix}_AUDIENCE`], v[`${prefix}_JWKS_URL`], v[`${prefix}_SECRET`]];
  if (given.every((value) => value === undefined)) {
    return [];
  }
  const problems: string[] = [];
  for (const name of [`${prefix}_ISSUER`, `${prefix}_AUDIENCE`] as const) {
    if (!v[name]) {
      problems.push(`${name} must be set where another ${prefix}_ variable is`);
    }
  }
  if (Boolean(v[`${prefix}_JWKS_URL`]) === Boolean(v[`${prefix}_SECRET`])) {
    problems.push(`${prefix}_JWKS_URL or ${prefix}_SECRET must be set, and only one of them`);
  }
  return problems;
}

function toConfig(v: Variables): Omit<Config, 'upstreams'> {
  const production = v.NODE_ENV === 'production';
  return {
    production,
    host: v.HOST,
    port: v.PORT,
    databaseUrl: v.DATABASE_URL ?? null,
    dataDir: v.DIVEST_DATA_DIR,
    databasePoolSize: v.DATABASE_POOL_SIZE,
    redisUrl: v.REDIS_URL ?? null,
    bearer: toIssuer(v, 'JWT') ?? (production ? null : developmentTokenIssuer(v)),
    cxone: toIssuer(v, 'CXONE'),
    allowApiKeyInQuery: v.ALLOW_API_KEY_IN_QUERY,
    rateLimitPerMinute: v.RATE_LIMIT_PER_MINUTE,
    maxInFlight: v.MAX_IN_FLIGHT,
    maxEventLoopDelayMs: v.MAX_EVENT_LOOP_DELAY_MS,
    sessionTtlSeconds: v.SESSION_TTL_SECONDS,
    introspection: v.INTROSPECTION ?? (production ? 'authenticated' : 'on'),
    graphiql: v.GRAPHIQL ?? (production ? 'off' : 'on'),
    console: v.CONSOLE ?? (production ? 'off' : 'on'),
    metrics: v.METRICS ?? (production ? 'basic' : 'on'),
    corsOrigins: Object.freeze(v.CORS_ORIGINS),
    schemaTypePrefix: v.SCHEMA_TYPE_PREFIX,
    logLevel: v.LOG_LEVEL,
    shutdownGraceSeconds: v.SHUTDOWN_GRACE_SECONDS,
    traces: v.OTEL_EXPORTER_OTLP_ENDPOINT
      ? Object.freeze({ endpoint: v.OTEL_EXPORTER_OTLP_ENDPOINT, serviceName: v.OTEL_SERVICE_NAME })
      : null,
  };
}

const claims = (v: Variables) => ({ rolesClaim: v.JWT_ROLES_CLAIM, organizationClaim: v.JWT_ORGANIZATION_CLAIM });

function toIssuer(v: Variables, prefix: 'JWT' | 'CXONE'): TokenIssuer | null {
  const [issuer, audience] = [v[`${prefix}_ISSUER`], v[`${prefix}_AUDIENCE`]];
  const [keySet, shared] = [v[`${prefix}_JWKS_URL`], v[`${prefix}_SECRET`]];
  if (!issuer || !audience) {
    return null;
  }
  if (keySet) {
    return Object.freeze({ issuer, audience, key: { jwksUrl: keySet }, ...claims(v) });
  }
  return shared ? Object.freeze({ issuer, audience, key: { secret: shared }, ...claims(v) }) : null;
}

function developmentTokenIssuer(v: Variables): TokenIssuer {
  return Object.freeze({ ...developmentIssuer, key: { developmentSecretIn: v.DIVEST_DATA_DIR }, ...claims(v) });
}
