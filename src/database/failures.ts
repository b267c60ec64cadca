// SQLSTATE: connection failures, too few resources, shutting down or not started, a lock or an answer that took too
// long, a transaction that lost against another one, a database that takes no connections (of ours, nothing else can be in
// the wrong state), and a server that has become a read-only copy.
const states = /^(08...|53...|57P0[1235]|57014|55P03|40001|40P01|25P0[34]|25006|55000)$/;

const socketErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
]);

// Prisma's codes: can't reach, timed out, connection closed, no free connection, write conflict.
const prismaCodes = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034', 'P2037']);
// What Prisma's drivers call a failure that has no SQLSTATE.
const driverKinds = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TransactionWriteConflict',
]);

// The drivers give these no code. Compared whole: a message of the server never is one of them.
const driverMessages = new Set([
  'timeout exceeded when trying to connect',
  'Connection terminated due to connection timeout',
  'Connection terminated unexpectedly',
  'Connection terminated',
  'Query read timeout',
  'timeout expired',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'Cannot use a pool after calling end on the pool',
  'PGlite is closed',
  'PGlite is closing',
]);

/**
 * Whether the database can't answer at the moment, so that asking again may help: not reachable, too busy, starting or
 * stopping, or another transaction was in the way. Looks through what drivers and Prisma wrap around the failure.
 */
export function isUnavailable(error: unknown): boolean {
  return layersOf(error).some(tellsUnavailable);
}

type Layer = Readonly<Record<string, unknown>>;

function layersOf(error: unknown, depth = 0): Layer[] {
  if (typeof error !== 'object' || error === null || depth > 8) {
    return [];
  }
  const layer = error as Layer;
  const wrapped = [
    layer['cause'],
    driverError(layer['meta']),
    ...(Array.isArray(layer['errors']) ? layer['errors'] : []),
  ];
  return [layer, ...wrapped.flatMap((inner) => layersOf(inner, depth + 1))];
}

const driverError = (meta: unknown) =>
  typeof meta === 'object' && meta !== null && 'driverAdapterError' in meta ? meta.driverAdapterError : null;

function tellsUnavailable({ code, originalCode, kind, message, syscall }: Layer): boolean {
  // A Unix socket that isn't there: no server listens. Of a file it would mean something else.
  const hasNoSocket = code === 'ENOENT' && syscall === 'connect';
  return (
    hasNoSocket ||
    [code, originalCode].some((text) => typeof text === 'string' && isUnavailableCode(text)) ||
    (typeof kind === 'string' && driverKinds.has(kind)) ||
    (typeof message === 'string' && code === undefined && driverMessages.has(message))
  );
}

const isUnavailableCode = (code: string) => states.test(code) || socketErrors.has(code) || prismaCodes.has(code);
