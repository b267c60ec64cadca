import type { Command } from 'commander';
import { loadConfig } from '../config.js';
import type { UpstreamCheck, Upstreams } from '../upstreams/connector.js';
import { CommandError } from './failure.js';

export function addUpstreams(program: Command): void {
  const upstreams = program.command('upstreams').description('Look at the systems that UPSTREAMS_FILE names.');
  upstreams
    .command('check')
    .description('Test the address and the credential of each upstream, by requests that change nothing.')
    .addHelpText(
      'after',
      '\nIt can tell that an upstream is there and knows the credential, and not whether the credential may take' +
        '\naccess away: only a removal shows that.' +
        '\n\nExample:\n  $ UPSTREAMS_FILE=upstreams.json divest upstreams check',
    )
    .action(checkUpstreams);
}

async function checkUpstreams(): Promise<void> {
  const config = loadConfig(process.env);
  if (config.upstreams.length === 0) {
    process.stderr.write('There is no upstream to check: UPSTREAMS_FILE is not set, or names none.\n');
    return;
  }
  const [{ createLogger }, { createUpstreams }] = await Promise.all([
    import('../log.js'),
    import('../upstreams/upstreams.js'),
  ]);
  const log = createLogger(config, process.stderr);
  const upstreams = createUpstreams({ settings: config.upstreams, log, onCall: () => {} });
  const rows = await checkAll(upstreams);
  await upstreams.close();
  process.stdout.write(toTable(rows));
  const bad = rows.filter(({ check }) => !check.reachable || check.credential !== 'ACCEPTED').length;
  if (bad > 0) {
    throw new CommandError(`${bad} of ${rows.length} upstreams cannot be used as they are.`);
  }
}

interface Row {
  readonly organizationId: string;
  readonly system: string;
  readonly check: UpstreamCheck;
}

function checkAll(upstreams: Upstreams): Promise<Row[]> {
  const check = async ({ organizationId, connector }: ReturnType<Upstreams['all']>[number]) => ({
    ...{ organizationId, system: connector.system, check: await connector.check() },
  });
  return Promise.all(upstreams.all().map(check));
}

function toTable(rows: readonly Row[]): string {
  const head = ['organization', 'system', 'reachable', 'credential', 'note'];
  const cells = rows.map(({ organizationId, system, check: { reachable, credential, note } }) => [
    ...[organizationId, system, reachable ? 'yes' : 'no', credential.toLowerCase(), note],
  ]);
  const table = [head, ...cells];
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
