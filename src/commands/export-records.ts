import { type Command, Option } from 'commander';
import type { Database } from '../database/database.js';
import { parseInstant, parseOrganizationId, parseRecordId } from './arguments.js';
import { CommandError } from './failure.js';
import { openOutput } from './output.js';
import { waitForStopSignal } from './stop-signal.js';
import { withDatabase } from './with-database.js';

interface Options {
  readonly organization?: string;
  readonly since?: Date;
  readonly after?: string;
}

export function addExportRecords(program: Command): void {
  program
    .command('export-records')
    .description(
      'Write the settled removals and grants to stdout, one JSON object a line, in the order they were settled.',
    )
    .addOption(
      new Option('--after <id>', 'those after this one: the last of the export before').argParser(parseRecordId),
    )
    .addOption(
      new Option('--since <instant>', 'those settled at this instant or later')
        .argParser(parseInstant)
        .conflicts('after'),
    )
    .option('--organization <id>', 'those of one organization only', parseOrganizationId)
    .addHelpText(
      'after',
      '\nWhat is PENDING comes in the export after it is settled, and so does what was settled in the last seconds.' +
        '\nOnly the owner of the tables can change a record; a copy elsewhere shows if it did: see docs/operations.md.' +
        '\n\nExample:\n  $ divest export-records >> records.ndjson' +
        '\n  $ divest export-records --after "$(tail -n 1 records.ndjson | jq -r .id)" >> records.ndjson',
    )
    .action(exportRecordsCommand);
}

async function exportRecordsCommand(options: Options): Promise<void> {
  let isStopping = false;
  void waitForStopSignal().then(() => {
    isStopping = true;
  });
  const { exportRecords } = await import('../export/records.js');
  await withDatabase(async ({ database }) => {
    await refuseUnknownOrganization(database, options.organization);
    const since = options.after === undefined ? (options.since ?? null) : await findStart(database, options.after);
    const range = { organizationId: options.organization ?? null, since, afterId: options.after ?? null };
    const output = openOutput();
    let last = options.after;
    try {
      const count = await exportRecords(database, range, async (lines, ids) => {
        await output.write(lines);
        last = ids.at(-1);
        if (isStopping) {
          throw new CommandError(`Interrupted. Every line is whole: go on with --after ${last}.`);
        }
      });
      process.stderr.write(count > 0 ? `${count} records, up to ${last}.\n` : 'No records.\n');
    } finally {
      output.close();
    }
  });
}

async function refuseUnknownOrganization(database: Database, id: string | undefined): Promise<void> {
  if (id !== undefined && (await database.query('select from organizations where id = $1', [id])).length === 0) {
    throw new CommandError(`There is no organization ${id}.`);
  }
}

async function findStart(database: Database, id: string): Promise<Date> {
  const { findSettledAt } = await import('../export/records.js');
  const settledAt = await findSettledAt(database, id);
  if (settledAt === undefined) {
    throw new CommandError(`There is no record ${id}.`);
  }
  if (settledAt === null) {
    throw new CommandError(`${id} is PENDING: no export had it.`);
  }
  return settledAt;
}
