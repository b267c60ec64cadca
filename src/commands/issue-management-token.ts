import type { Command } from 'commander';
import { parseDuration, parseName, parseOrganizationId } from './arguments.js';
import { CommandError } from './failure.js';
import { withDatabase } from './with-database.js';

interface Options {
  readonly organization: string;
  readonly name: string;
  readonly expiresIn?: number;
}

export function addIssueManagementToken(program: Command): void {
  program
    .command('issue-management-token')
    .description('Issue a token with which automation assigns users to projects and unassigns them. It is shown once.')
    .requiredOption('--organization <id>', 'the organization that it belongs to', parseOrganizationId)
    .requiredOption('--name <name>', 'what it is for', parseName)
    .option('--expires-in <duration>', 'how long it is good for, such as 90d (default: until revoked)', parseDuration)
    .addHelpText('after', '\nExample:\n  $ divest issue-management-token --organization org_acme --name offboarding')
    .action(issueManagementToken);
}

async function issueManagementToken({ organization, name, expiresIn }: Options): Promise<void> {
  const [{ generateSecret, hashSecret }, { createUuid }] = await Promise.all([
    import('../auth/secrets.js'),
    import('../ids.js'),
  ]);
  const [id, token] = [`mgmt_${createUuid()}`, generateSecret('dvm_')];
  const rows = await withDatabase(({ database }) =>
    database.query(
      `insert into management_tokens (id, organization_id, name, token_hash, expires_at)
       select $1, o.id, $3, $4, now() + make_interval(secs => $5::double precision)
       from organizations o where o.id = $2 returning id`,
      [id, organization, name, hashSecret(token), expiresIn ?? null],
    ),
  );
  if (rows.length === 0) {
    throw new CommandError(`There is no organization ${organization}.`);
  }
  process.stdout.write(`X-Management-Id: ${id}\nX-Management-Token: ${token}\n`);
  process.stderr.write(`Keep the token now: it is not shown again. To revoke it: divest revoke-credential ${id}\n`);
}
