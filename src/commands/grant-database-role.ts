import type { Command } from 'commander';
import type { Database } from '../database/database.js';
import { parseDatabaseRole } from './arguments.js';
import { CommandError } from './failure.js';
import { withDatabase } from './with-database.js';

interface Options {
  readonly print?: true;
}

export function addGrantDatabaseRole(program: Command): void {
  program
    .command('grant-database-role')
    .description(
      'Leave a role of PostgreSQL with what a gateway needs: then none can change or delete what is on record.',
    )
    .argument('<name>', 'the role, made before with: create role NAME login password …', parseDatabaseRole)
    .option('--print', 'print the statements, and change nothing')
    .addHelpText(
      'after',
      '\nRun it as the owner of the tables, after each migrate; then run serve with the DATABASE_URL of the role.' +
        '\n\nExample:\n  $ DATABASE_URL=postgresql://owner@… divest grant-database-role divest_gateway',
    )
    .action(grantDatabaseRole);
}

async function grantDatabaseRole(role: string, { print }: Options): Promise<void> {
  await withDatabase(async ({ database }) => {
    if (database.kind === 'embedded') {
      throw new CommandError('The embedded database has no roles. Set DATABASE_URL.', 2);
    }
    const { grantStatements } = await import('../database/gateway-role.js');
    const [row] = await database.query<{ name: string }>('select current_database() as name');
    const statements = grantStatements(role, row?.name ?? '');
    if (print) {
      process.stdout.write(`${statements.join(';\n')};\n`);
      return;
    }
    await grant(database, role, statements);
    process.stdout.write(
      `${role} can run a gateway on this database. It adds records and settles what is PENDING; it cannot change, ` +
        'delete or truncate what is settled.\n',
    );
  });
}

async function grant(database: Database, role: string, statements: readonly string[]): Promise<void> {
  const { waysToRewriteRecords } = await import('../database/gateway-role.js');
  const found = await database.query('select from pg_roles where rolname = $1', [role]);
  if (found.length === 0) {
    throw new CommandError(`There is no role ${role}. Make it first: create role ${role} login password …`);
  }
  // Of anybody else, PostgreSQL takes these statements with a warning, and does nothing.
  const [row] = await database.query<{ owns: boolean }>(
    `select pg_has_role(relowner, 'USAGE') as owns from pg_class where oid = 'revocations'::regclass`,
  );
  if (!row?.owns) {
    throw new CommandError('Only the owner of the tables can do that. Check DATABASE_URL.');
  }
  await database.transaction(async (queries) => {
    for (const statement of statements) {
      await queries.query(statement);
    }
    const ways = await waysToRewriteRecords(queries, role);
    if (ways.length > 0) {
      const all = ways.join('; it ');
      throw new CommandError(`Nothing was granted, because ${role} could change records all the same: it ${all}.`);
    }
  });
}
