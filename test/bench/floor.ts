import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { jwtVerify } from 'jose';
import { Pool, type QueryConfig } from 'pg';

// The floor: what the same answers cost where nothing stands between a socket and hand-written SQL. No GraphQL, no rules
// beyond the token and what the database function itself checks, no limits, no log. `node … floor.ts`, settings as the
// gateway's.

const { PORT, DATABASE_URL, JWT_SECRET = '', JWT_ISSUER = '', JWT_AUDIENCE = '' } = process.env;
const pool = new Pool({ connectionString: DATABASE_URL, max: 10 });
const key = await crypto.subtle.importKey(
  'raw',
  new TextEncoder().encode(JWT_SECRET),
  { name: 'HMAC', hash: 'SHA-256' },
  false,
  ['verify'],
);

interface Claims {
  readonly sub?: string;
  readonly org?: string;
  readonly roles?: readonly string[];
  readonly iat?: number;
  readonly exp?: number;
}

/** A signature doesn't change: one that was good is good until the token expires. */
const verified = new Map<string, Claims>();

async function authenticate({ headers }: IncomingMessage): Promise<Claims | null> {
  const token = headers.authorization?.replace(/^Bearer /, '') ?? '';
  const known = verified.get(token);
  if (known?.exp && known.exp * 1000 > Date.now()) {
    return known;
  }
  try {
    const options = { issuer: JWT_ISSUER, audience: JWT_AUDIENCE, algorithms: ['HS256'] };
    const claims: Claims = (await jwtVerify(token, key, options)).payload;
    verified.set(token, claims);
    return claims;
  } catch {
    return null;
  }
}

// Named, so that the server parses each once a connection.
const unassign = {
  name: 'unassign',
  text: 'select unassign_user_from_role($1::jsonb, $2::jsonb) as answer',
};
const user = {
  name: 'user',
  text: `select jsonb_build_object('id', u.id, 'login', u.login, 'name', u.name,
    'projects', (select jsonb_agg(jsonb_build_object('role', m.role, 'node', jsonb_build_object('id', p.id, 'name', p.name))
        order by m.project_id) from project_members m join projects p on p.id = m.project_id where m.user_id = u.id),
    'roles', (select jsonb_agg(jsonb_build_object('node', jsonb_build_object('id', r.id, 'name', r.name)) order by r.id)
        from role_users h join roles r on r.id = h.role_id where h.user_id = u.id),
    'resources', (select jsonb_agg(jsonb_build_object('direct', x.direct, 'roles', x.roles,
          'node', jsonb_build_object('id', s.id, 'name', s.name)) order by s.id)
        from (select resource_id, bool_or(role_id is null) as direct,
                jsonb_agg(jsonb_build_object('id', role_id)) filter (where role_id is not null) as roles
              from (select g.resource_id, g.role_id from role_users h join role_resources g on g.role_id = h.role_id
                    where h.user_id = u.id
                    union all select d.resource_id, null from user_resources d where d.user_id = u.id) g
              group by resource_id) x join resources s on s.id = x.resource_id)) as answer
    from users u where u.organization_id = $1 and u.login = $2`,
};
const users = {
  name: 'users',
  text: `select jsonb_build_object('hasNextPage', true, 'edges', jsonb_agg(node)) as answer from (
    select jsonb_build_object('id', u.id, 'login', u.login, 'roles', (
      select jsonb_agg(r.name order by r.id) from role_users h join roles r on r.id = h.role_id where h.user_id = u.id)) as node
    from users u where u.organization_id = $1 order by u.id limit 50) page`,
};

const caller = {
  name: 'caller',
  text: `select not coalesce(u.active, true) or coalesce(to_timestamp($3::double precision) < u.tokens_not_before, false) as refused
    from organizations o left join users u on u.organization_id = o.id and u.subject = $2 where o.id = $1`,
};

async function run(query: QueryConfig, values: readonly unknown[]): Promise<unknown> {
  const { rows } = await pool.query({ ...query, values: [...values] });
  return rows[0]?.answer;
}

type Handler = (claims: Claims, input: Record<string, string>) => Promise<unknown>;

const handlers: Readonly<Record<string, Handler>> = {
  '/unassign': async (claims, { roleId, userId }) => {
    const caller = {
      ...{ organizationId: claims.org, credential: 'BEARER', actor: claims.sub, userId: claims.sub },
      ...{ claims: claims.roles, tokenIssuedAt: claims.iat, traceId: randomUUID().replaceAll('-', '') },
    };
    const request = { roleId, userId, reason: null, dryRun: false, revocationId: `rev_${randomUUID()}` };
    const answer = await run(unassign, [JSON.stringify(caller), JSON.stringify(request)]);
    const { refusal, applied, revocation, user: person, role } = answer as Record<string, Record<string, unknown>>;
    return refusal
      ? { code: refusal }
      : { applied, revocation: revocation?.['id'], user: person?.['id'], role: role?.['id'] };
  },
  '/user': (claims, { login }) => run(user, [claims.org, login]),
  '/users': (claims) => run(users, [claims.org]),
  // Whoever asks for nothing must still be let in: nothing else here asks the directory whether it is.
  '/nothing': async (claims) => {
    const [row] = (await pool.query({ ...caller, values: [claims.org, claims.sub, claims.iat] })).rows;
    return row?.refused === false ? { __typename: 'Query' } : null;
  },
  '/unasked': async () => ({ __typename: 'Query' }),
};

async function read(request: IncomingMessage): Promise<Record<string, string>> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
  }
  return JSON.parse(text);
}

createServer(async (request, response) => {
  const handler = handlers[request.url ?? ''];
  const [input, claims] = [await read(request), await authenticate(request)];
  if (!claims || !handler) {
    response.writeHead(claims ? 404 : 401).end();
    return;
  }
  const text = JSON.stringify(await handler(claims, input));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
}).listen(Number(PORT), '127.0.0.1');
