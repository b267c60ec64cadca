import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import type { Offboarding, OffboardingAnswer, OffboardingRefusal } from '../offboarding.js';
import type { Upstreams } from '../upstreams/connector.js';
import { parseOrganizationId, parseReason, parseUser } from './arguments.js';
import { countEarlier, describeEarlier, type EarlierRemoval, findEarlier } from './earlier-removals.js';
import { CommandError } from './failure.js';
import { createOffboardingProgress } from './offboarding-progress.js';
import { describeSteps } from './offboarding-steps.js';
import { waitForStopSignal } from './stop-signal.js';
import { withDatabase } from './with-database.js';

interface Options {
  readonly user: string;
  readonly organization?: string;
  readonly reason?: string;
  readonly dryRun?: true;
}

export function addOffboard(program: Command): void {
  program
    .command('offboard')
    .description('Off-board a user: deactivate it, and take away everything that it holds, here and in other systems.')
    .requiredOption('--user <id or login>', 'who leaves', parseUser)
    .option('--organization <id>', 'whose user it is, where several have a user of that login', parseOrganizationId)
    .option('--reason <text>', 'kept in the audit trail', parseReason)
    .option('--dry-run', 'list what would go, and change nothing')
    .addHelpText(
      'after',
      '\nIt works on the database and the UPSTREAMS_FILE of its own environment, and waits until every system has done' +
        '\nits part. Interrupted, it leaves what is left to the gateways. It ends with 0 where everything was taken away,' +
        '\nand with 1 where something was refused or is left.' +
        '\n\nExample:\n  $ divest offboard --user ada@acme.test --reason "left the company" --dry-run',
    )
    .action(offboardCommand);
}

interface Parts {
  readonly database: Database;
  readonly log: Logger;
  readonly upstreams: Upstreams;
}

async function offboardCommand(options: Options): Promise<void> {
  const stopped = waitForStopSignal();
  const { createUpstreams } = await import('../upstreams/upstreams.js');
  await withDatabase(async ({ database, config, ...parts }) => {
    // A line for each call would be no way to tell a person of a thousand.
    const log = parts.log.child({}, config.logLevel === 'info' ? { level: 'warn' } : {});
    const upstreams = createUpstreams({ settings: config.upstreams, log, onCall: () => {} });
    try {
      await run({ database, log, upstreams }, options, stopped);
    } finally {
      await upstreams.close();
    }
  });
}

async function run(parts: Parts, options: Options, stopped: Promise<void>): Promise<void> {
  const organizationId = options.organization ?? (await findOrganization(parts.database, options.user));
  const systems = new Set(
    ofOrganization(parts.upstreams, organizationId).map(({ connector }) => connector.system as string),
  );
  if (systems.size === 0) {
    process.stderr.write(`Note: UPSTREAMS_FILE names no system of ${organizationId}: only the directory is changed.\n`);
  }
  const answer = await begin(parts, organizationId, options);
  const earlier = await findEarlier(parts.database, answer);
  process.stdout.write(describeSteps(answer));
  if (earlier.length > 0) {
    process.stdout.write(`Removals that were under way before: ${earlier.length}.${describeEarlier(earlier)}\n`);
  }
  if (answer.applied) {
    const isKnownHere = ({ system }: EarlierRemoval) => systems.has(system);
    await follow(parts, { begun: answer.offboarding, earlier: earlier.filter(isKnownHere) }, stopped);
    await tellOfOthers(
      parts.database,
      earlier.filter((removal) => !isKnownHere(removal)),
    );
  }
}

const ofOrganization = (upstreams: Upstreams, organizationId: string) =>
  upstreams.all().filter((one) => one.organizationId === organizationId);

/** Of systems that this process can't call, nothing could be waited for but what others do. */
async function tellOfOthers(database: Database, removals: readonly EarlierRemoval[]): Promise<void> {
  if ((await countEarlier(database, removals)).pending > 0) {
    throw new CommandError(
      'UPSTREAMS_FILE here does not name the systems of these, which were under way before. They are left to gateways ' +
        `whose file does:${describeEarlier(removals)}`,
    );
  }
}

/** The organization of the one user of this id or login. */
async function findOrganization(database: Database, user: string): Promise<string> {
  const found = await database.query<{ id: string }>(
    'select organization_id as id from users where id = $1 or login = $1 order by 1',
    [user],
  );
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).join(', ');
    throw new CommandError(`Several organizations have a user ${user}: say which with --organization (${ids}).`);
  }
  if (!found[0]) {
    throw new CommandError(`There is no user ${user}.`);
  }
  return found[0].id;
}

async function begin(parts: Parts, organizationId: string, options: Options): Promise<OffboardingAnswer> {
  const [{ offboard }, { createTraceId }, { prefixOf }] = await Promise.all([
    import('../offboarding.js'),
    import('../http/trace-id.js'),
    import('../grammar.js'),
  ]);
  const { user, reason = null, dryRun = false } = options;
  const isId = prefixOf(user) === 'user';
  const caller = {
    ...{ organizationId, credential: 'COMMAND_LINE', actor: `cli:${accountName()}`, userId: null },
    // Who can write to the database may do anything: nobody is asked for more.
    ...{ claims: ['ORG_ADMIN'], traceId: createTraceId(null) },
  };
  const named = { userId: isId ? user : null, userLogin: isId ? null : user };
  const answer = await offboard({ queries: parts.database, ...parts }, caller, { user: named, reason, dryRun });
  if (typeof answer === 'string') {
    throw new CommandError(explain(answer, user, organizationId));
  }
  return answer;
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    // An account that has a number only, as in many containers.
    return String(process.getuid?.() ?? 'unknown');
  }
}

const explain = (refusal: OffboardingRefusal, user: string, organizationId: string): string =>
  ({
    FORBIDDEN: 'The command line may not off-board anybody.',
    USER_NOT_FOUND: `There is no user ${user} in ${organizationId}.`,
    LAST_ADMINISTRATOR: `${user} is the last active administrator of ${organizationId} (ADMIN). Nothing was changed.`,
  })[refusal];

interface Followed {
  readonly begun: Offboarding;
  /** Removals of the same user that were under way before. */
  readonly earlier: readonly EarlierRemoval[];
}

/** Works at the calls until nothing is left of the off-boarding and of what was under way, or somebody wants to stop. */
async function follow(
  { database, log, upstreams }: Parts,
  { begun, earlier }: Followed,
  stopped: Promise<void>,
): Promise<void> {
  const [{ createWorker }, { findOffboardings }] = await Promise.all([
    import('../upstreams/worker.js'),
    import('../offboarding.js'),
  ]);
  const { id, organizationId } = begun;
  // What other organizations wait for is not this command's to do.
  const all = () => ofOrganization(upstreams, organizationId);
  const worker = createWorker({ queries: database, upstreams: { ...upstreams, all }, log, onSettled: () => {} });
  const progress = await createOffboardingProgress(begun);
  const stop = stopped.then(() => 'STOPPED' as const);
  try {
    let now = begun;
    let before = await countEarlier(database, earlier);
    while (now.pending + before.pending > 0) {
      if ((await Promise.race([stop, pause()])) === 'STOPPED') {
        const left = now.pending + before.pending;
        throw new CommandError(`Interrupted: ${left} are left to the gateways. Follow ${id} there.`);
      }
      now = (await findOffboardings(database, organizationId, [id]))[0] ?? now;
      before = await countEarlier(database, earlier);
      progress.show(now);
    }
    progress.stop();
    await conclude(database, now, earlier);
  } finally {
    progress.stop();
    await worker.close();
  }
}

const pause = () => new Promise<'GO_ON'>((resolve) => setTimeout(resolve, 200, 'GO_ON'));

async function conclude(
  database: Database,
  { id, done, total }: Offboarding,
  earlier: readonly EarlierRemoval[],
): Promise<void> {
  const before = await countEarlier(database, earlier);
  const ofBefore = earlier.length > 0 ? `, and ${before.done} of ${earlier.length} that were under way before` : '';
  process.stdout.write(`${done} of ${total} taken away${ofBefore}.\n`);
  const refused = await database.query<{ text: string }>(
    `select lower(replace(kind::text, '_', ' ')) || ' ' || requested_target || coalesce(' at ' || system::text, '')
       || ': ' || code as text
     from revocations where (offboarding_id = $1 or id = any($2::text[])) and state = 'REFUSED' order by id`,
    [id, earlier.map((removal) => removal.id)],
  );
  if (refused.length > 0) {
    const lines = refused.map(({ text }) => `  ${text}`).join('\n');
    throw new CommandError(`${refused.length} were refused, and are still held:\n${lines}`);
  }
}
