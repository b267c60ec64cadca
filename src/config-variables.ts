import { z } from 'zod';

const boolean = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true');
const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be a whole number from ${min} to ${max}`);
const url = (...protocols: string[]) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
      `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    );
export const isLoopback = (text: string) => ['localhost', '127.0.0.1', '[::1]'].includes(new URL(text).hostname);
const jwksUrl = url('https:', 'http:').refine(
  (text) => !URL.canParse(text) || new URL(text).protocol === 'https:' || isLoopback(text),
  'must be https (http only on this machine)',
);
const secret = z.string().refine((text) => Buffer.byteLength(text) >= 32, 'must be 32 bytes or more');
const origins = z
  .string()
  .transform((text) => text.split(',').map((origin) => origin.trim()))
  .refine(
    (list) => list.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
    'must be exact origins such as https://admin.example.com, comma-separated',
  );

/** The environment variables of the gateway, each with its grammar and its default. */
export const variables = z.object({
  NODE_ENV: z.enum(['production', 'development', 'test'], 'must be production, development or test').optional(),
  HOST: z.string().default('localhost'),
  PORT: integer(0, 65535).default(4000),
  DATABASE_URL: url('postgresql:', 'postgres:').optional(),
  DATABASE_POOL_SIZE: integer(1, 1000).default(10),
  DIVEST_DATA_DIR: z.string().default('.divest'),
  ALLOW_EMBEDDED_DATABASE: boolean.default(false),
  REDIS_URL: url('redis:', 'rediss:').optional(),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  JWT_JWKS_URL: jwksUrl.optional(),
  JWT_SECRET: secret.optional(),
  JWT_ROLES_CLAIM: z.string().default('roles'),
  JWT_ORGANIZATION_CLAIM: z.string().default('org'),
  CXONE_ISSUER: z.string().optional(),
  CXONE_AUDIENCE: z.string().optional(),
  CXONE_JWKS_URL: jwksUrl.optional(),
  CXONE_SECRET: secret.optional(),
  ALLOW_API_KEY_IN_QUERY: boolean.default(false),
  MAX_IN_FLIGHT: integer(1, 100_000).default(400),
  MAX_EVENT_LOOP_DELAY_MS: integer(1, 60_000).default(250),
  RATE_LIMIT_PER_MINUTE: integer(0, 1_000_000).default(600),
  SESSION_TTL_SECONDS: integer(1, 31_536_000).default(3600),
  INTROSPECTION: z.enum(['on', 'authenticated', 'off'], 'must be on, authenticated or off').optional(),
  GRAPHIQL: z.enum(['on', 'basic', 'off'], 'must be on, basic or off').optional(),
  CONSOLE: z.enum(['on', 'basic', 'off'], 'must be on, basic or off').optional(),
  METRICS: z.enum(['on', 'basic', 'off'], 'must be on, basic or off').optional(),
  CORS_ORIGINS: origins.default([]),
  SCHEMA_TYPE_PREFIX: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'must be letters, digits and _ and start with a letter')
    .default(''),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], 'must be debug, info, warn, error or silent')
    .default('info'),
  SHUTDOWN_GRACE_SECONDS: integer(0, 3600).default(10),
  UPSTREAMS_FILE: z.string().optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('http:', 'https:').optional(),
  OTEL_SERVICE_NAME: z.string().default('divest'),
});
