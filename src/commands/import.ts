import type { Command } from 'commander';
import type { ImportOptions, ImportSummary } from '../import/import.js';
import { withDatabase } from './with-database.js';

export function addImport(program: Command): void {
  program
    .command('import')
    .description('Add or change organizations, users, projects, roles and credentials from a JSON file, or nothing.')
    .argument('<file>', 'a file of the import format (see docs/import.md)')
    .addHelpText('after', '\nExample:\n  $ divest import directory.json')
    .action(importCommand);
}

async function importCommand(path: string): Promise<void> {
  const { importFile } = await import('../import/import.js');
  const summary = await withDatabase(async ({ database }) => {
    const progress = await createProgressBar();
    try {
      return await importFile(database, path, progress);
    } finally {
      progress.stop();
    }
  });
  process.stdout.write(describe(summary));
  process.stderr.write(summary.warnings.map((warning) => `Note: ${warning}.\n`).join(''));
}

/** A bar on a terminal, and nothing elsewhere. */
async function createProgressBar(): Promise<ImportOptions & { stop(): void }> {
  if (!process.stderr.isTTY) {
    return { stop: () => {} };
  }
  const { SingleBar } = (await import('cli-progress')).default;
  const bar = new SingleBar({
    ...{ format: '{bar} {percentage}% {step}', clearOnComplete: true, hideCursor: true },
    stream: process.stderr,
  });
  bar.start(100, 0, { step: 'reading' });
  return { onProgress: (step, share) => bar.update(Math.floor(share * 100), { step }), stop: () => bar.stop() };
}

function describe({ entries }: ImportSummary): string {
  const parts = Object.entries(entries).filter(([, count]) => count > 0);
  return `Imported ${parts.map(([section, count]) => `${count} ${section}`).join(', ') || 'nothing: the file is empty'}.\n`;
}
