import type { Command } from 'commander';
import { withDatabase } from './with-database.js';

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('Bring the database up to date. Safe to run from several processes at once.')
    .addHelpText('after', '\nExample:\n  $ DATABASE_URL=postgresql://… divest migrate')
    .action(migrateCommand);
}

async function migrateCommand(): Promise<void> {
  const applied = await withDatabase(async ({ migrations }) => migrations);
  process.stdout.write(applied.length > 0 ? `Applied ${applied.join(', ')}.\n` : 'The database is up to date.\n');
}
