import type { Command } from 'commander';
import type { Database } from '../database/database.js';
import { parseCredentialId } from './arguments.js';
import { CommandError } from './failure.js';
import { withDatabase } from './with-database.js';

export function addRevokeCredential(program: Command): void {
  program
    .command('revoke-credential')
    .description('Revoke a management token (mgmt_…) or an API key (key_…), or end a session (sess_…), for good.')
    .argument('<id>', 'the id that was shown when it was issued', parseCredentialId)
    .addHelpText('after', '\nExample:\n  $ divest revoke-credential mgmt_0198c1d2-7a3b-7c4d-8e5f-60718293a4b5')
    .action(revokeCredential);
}

interface Kind {
  readonly noun: string;
  readonly table: string;
  readonly column: string;
}

const kinds: Readonly<Record<string, Kind>> = {
  mgmt: { noun: 'management token', table: 'management_tokens', column: 'revoked_at' },
  key: { noun: 'API key', table: 'api_keys', column: 'revoked_at' },
  sess: { noun: 'session', table: 'sessions', column: 'ended_at' },
};

async function revokeCredential(id: string): Promise<void> {
  const kind = kinds[id.slice(0, id.indexOf('_'))];
  const wasGood = kind && (await withDatabase(({ database }) => revoke(database, kind, id)));
  if (!kind || wasGood === undefined) {
    throw new CommandError(`There is no ${kind?.noun} ${id}.`);
  }
  process.stderr.write(wasGood ? `${id} no longer works.\n` : `${id} had been revoked already.\n`);
}

/** Whether it was good until now; undefined where there is none. */
async function revoke(database: Database, { table, column }: Kind, id: string): Promise<boolean | undefined> {
  const revoked = await database.query(
    `update ${table} set ${column} = clock_timestamp() where id = $1 and ${column} is null returning id`,
    [id],
  );
  if (revoked.length > 0) {
    return true;
  }
  const known = await database.query(`select 1 from ${table} where id = $1`, [id]);
  return known.length > 0 ? false : undefined;
}
