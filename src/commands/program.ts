import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addExportRecords } from './export-records.js';
import { addGrantDatabaseRole } from './grant-database-role.js';
import { addImport } from './import.js';
import { addIssueApiKey } from './issue-api-key.js';
import { addIssueManagementToken } from './issue-management-token.js';
import { addMigrate } from './migrate.js';
import { addOffboard } from './offboard.js';
import { addPrintSchema } from './print-schema.js';
import { addRevokeCredential } from './revoke-credential.js';
import { addServe } from './serve.js';
import { addSignToken } from './sign-token.js';
import { addUpstreams } from './upstreams.js';

/** The command line: its commands throw, and leave the exit code to whoever runs it. */
export function createProgram(): Command {
  const program = new Command('divest')
    .description('A GraphQL gateway for taking access away. Settings are environment variables: see the README.')
    .version(readVersion())
    .addHelpText('after', '\nExit codes:\n  0 done, 1 failed, 2 wrong usage or wrong settings')
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride();
  for (const addCommand of [
    addServe,
    addMigrate,
    addGrantDatabaseRole,
    addImport,
    addOffboard,
    addExportRecords,
    addIssueManagementToken,
    addIssueApiKey,
    addRevokeCredential,
    addSignToken,
    addPrintSchema,
    addUpstreams,
  ]) {
    addCommand(program);
  }
  return program;
}

function readVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return version;
}
