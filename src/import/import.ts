import { open } from 'node:fs/promises';
import type { Database, Queries } from '../database/database.js';
import { checkEntities, checkReferences } from './checks.js';
import { lockDirectory } from './locks.js';
import { DirectoryBusyError, importError } from './problems.js';
import { type Counts, stageFile } from './stage-file.js';
import { stageLinks, stageRows } from './staging.js';
import { credentialTables, entityTables, linkTables } from './tables.js';
import { findWarnings, rememberInvariants } from './warnings.js';
import { fillSessions, putNamesAside, writeLinks, writeRows } from './write.js';

export interface ImportOptions {
  /** How long to wait for a removal, or another import, that has the same entries. */
  readonly lockTimeoutMs?: number;
  /** Told how far the import is: what it does, and which share of the whole is done, from 0 to 1. */
  readonly onProgress?: (step: string, share: number) => void;
}

/** What an import has written. */
export interface ImportSummary {
  /** The entries of each section. */
  readonly entries: Readonly<Counts>;
  /** What a removal would not have allowed; see warnings.ts. */
  readonly warnings: readonly string[];
}

/** The bytes of a file, piece by piece, and how many there are. */
export interface ImportSource {
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly size: number;
}

// Bytes read at once.
const chunkSize = 256 * 1024;
// Of the whole time, reading takes about this share, and the steps below the rest.
const readingShare = 0.4;
// A statement of an import may run longer than one of a request.
const statementTimeoutMs = 600_000;

interface Step {
  readonly name: string;
  readonly work: (queries: Queries) => Promise<unknown>;
}

const stepsAfterReading: readonly Step[] = [
  { name: 'checking', work: stageLinks },
  { name: 'waiting for the directory', work: lockDirectory },
  { name: 'checking', work: rememberInvariants },
  { name: 'checking', work: (queries) => stageRows(queries, entityTables) },
  { name: 'checking', work: checkEntities },
  { name: 'writing users', work: putNamesAside },
  ...entityTables.map((table) => ({
    name: `writing ${table.section}`,
    work: (queries: Queries) => writeRows(queries, table),
  })),
  { name: 'checking', work: (queries) => stageRows(queries, credentialTables) },
  { name: 'checking', work: checkReferences },
  ...linkTables.map((link) => ({
    name: `writing ${link.section}' ${link.list}`,
    work: (queries: Queries) => writeLinks(queries, link),
  })),
  ...credentialTables.map((table) => ({
    name: `writing ${table.section}`,
    work: (queries: Queries) => writeRows(queries, table),
  })),
  { name: 'writing sessions', work: fillSessions },
];

/**
 * Imports a file of the import format: everything or, where anything is wrong, nothing. Entries are added, or changed
 * where the directory has them; a field that is left out stays as it is, a list that is given replaces the old one,
 * and a revoked credential or an ended session stays so. Secrets are hashed before they leave the process.
 * Throws ImportError, which says what is wrong where, and DirectoryBusyError.
 */
export async function importFile(database: Database, path: string, options?: ImportOptions): Promise<ImportSummary> {
  const file = await open(path).catch(() => null);
  try {
    const found = await file?.stat();
    if (!file || !found || found.isDirectory()) {
      throw importError('file', 'is not there, or is not a file that can be read');
    }
    const chunks = file.createReadStream({ highWaterMark: chunkSize, autoClose: false });
    return await importSource(database, { chunks, size: found.size }, options);
  } finally {
    await file?.close();
  }
}

/** Imports what {@link importFile} does, from anywhere. */
export async function importSource(
  database: Database,
  source: ImportSource,
  { onProgress = () => {}, lockTimeoutMs = 10_000 }: ImportOptions = {},
): Promise<ImportSummary> {
  const onRead = (bytes: number) => onProgress('reading', readingShare * Math.min(1, bytes / source.size));
  const work = async (queries: Queries) => {
    await queries.query(`set local lock_timeout = ${Math.trunc(lockTimeoutMs)}`);
    const entries = await stageFile(queries, source.chunks, onRead);
    await runSteps(queries, onProgress);
    return { entries, warnings: await findWarnings(queries) };
  };
  const summary = await database.transaction(work, { statementTimeoutMs }).catch((error: unknown) => {
    throw isBusy(error) ? new DirectoryBusyError() : error;
  });
  await gatherStatistics(database);
  onProgress('done', 1);
  return summary;
}

async function runSteps(queries: Queries, onProgress: (step: string, share: number) => void): Promise<void> {
  for (const [index, { name, work }] of stepsAfterReading.entries()) {
    onProgress(name, readingShare + (1 - readingShare) * (index / stepsAfterReading.length));
    await work(queries);
  }
}

// Lock not available, deadlock, serialization failure: somebody else was at the same rows.
const isBusy = (error: unknown) =>
  error instanceof Error && 'code' in error && ['55P03', '40P01', '40001'].includes(String(error.code));

// The embedded database never gathers them by itself, and PostgreSQL a minute later only. The import is done by now,
// whether this works or not.
async function gatherStatistics(database: Database): Promise<void> {
  const tables = [...entityTables, ...linkTables, ...credentialTables].map(({ table }) => table);
  const analyze = (queries: Queries) => queries.query(`analyze ${tables}`);
  await database.transaction(analyze, { statementTimeoutMs }).catch(() => {});
}
