import type { Command } from 'commander';
import { parseDuration, parseName, parseUserId } from './arguments.js';
import { CommandError } from './failure.js';
import { withDatabase } from './with-database.js';

interface Options {
  readonly user: string;
  readonly name: string;
  readonly expiresIn?: number;
}

export function addIssueApiKey(program: Command): void {
  program
    .command('issue-api-key')
    .description('Issue an API key, which acts as its user. It is shown once.')
    .requiredOption('--user <id>', 'the user as whom it acts', parseUserId)
    .requiredOption('--name <name>', 'what it is for', parseName)
    .option('--expires-in <duration>', 'how long it is good for, such as 90d (default: until revoked)', parseDuration)
    .addHelpText('after', '\nExample:\n  $ divest issue-api-key --user user_ada --name laptop --expires-in 90d')
    .action(issueApiKey);
}

async function issueApiKey({ user, name, expiresIn }: Options): Promise<void> {
  const [{ generateSecret, hashSecret }, { createUuid }] = await Promise.all([
    import('../auth/secrets.js'),
    import('../ids.js'),
  ]);
  const [id, key] = [`key_${createUuid()}`, generateSecret('dvk_')];
  const rows = await withDatabase(({ database }) =>
    database.query(
      `insert into api_keys (id, organization_id, user_id, name, key_hash, expires_at)
       select $1, u.organization_id, u.id, $3, $4, now() + make_interval(secs => $5::double precision)
       from users u where u.id = $2 returning id`,
      [id, user, name, hashSecret(key), expiresIn ?? null],
    ),
  );
  if (rows.length === 0) {
    throw new CommandError(`There is no user ${user}.`);
  }
  process.stdout.write(`X-API-Key: ${key}\n`);
  process.stderr.write(`Keep the key now: it is not shown again. To revoke it: divest revoke-credential ${id}\n`);
}
