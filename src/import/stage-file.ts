import { hashSecret } from '../auth/secrets.js';
import type { Queries } from '../database/database.js';
import { entrySchemas, isSection, type Section, sections } from './entries.js';
import { ImportError, type ImportProblem, problemLimit } from './problems.js';
import { EntryReader, type RawEntry } from './reader.js';
import { Staging } from './staging.js';

export type Counts = Record<Section, number>;

/**
 * Reads the whole file into the staging table, entry by entry, each checked for its form. Returns how many entries
 * each section has. Throws ImportError; where entries are malformed, with all of them up to the limit.
 */
export async function stageFile(
  queries: Queries,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  onRead: (bytes: number) => void,
): Promise<Counts> {
  const reader = new EntryReader(sections);
  const file = new FileStaging(await Staging.create(queries));
  let bytes = 0;
  for await (const chunk of chunks) {
    for (const entry of reader.read(chunk)) {
      await file.add(entry);
    }
    bytes += chunk.length;
    onRead(bytes);
  }
  reader.end();
  return file.finish();
}

class FileStaging {
  readonly #counts = Object.fromEntries([...sections].map((section) => [section, 0])) as Counts;
  readonly #problems: ImportProblem[] = [];

  constructor(private readonly staging: Staging) {}

  async add({ section, position, value }: RawEntry): Promise<void> {
    if (!isSection(section)) {
      throw new Error(`the reader let the section ${section} through`);
    }
    const parsed = entrySchemas[section].safeParse(value);
    if (!parsed.success) {
      this.#keepProblems(section, position, parsed.error.issues);
    } else if (this.#problems.length === 0) {
      this.#counts[section] += 1;
      await this.staging.add(section, position, hashSecrets(parsed.data));
    }
  }

  async finish(): Promise<Counts> {
    this.#refuse(1);
    await this.staging.flush();
    return this.#counts;
  }

  #keepProblems(section: Section, position: number, issues: readonly { path: PropertyKey[]; message: string }[]) {
    for (const { path, message } of issues) {
      this.#problems.push({ path: toPath(`${section}[${position}]`, path), message });
    }
    this.#refuse(problemLimit);
  }

  #refuse(limit: number): void {
    if (this.#problems.length >= limit) {
      throw new ImportError(this.#problems);
    }
  }
}

const toPath = (root: string, path: readonly PropertyKey[]) =>
  path.reduce<string>((text, step) => text + (typeof step === 'number' ? `[${step}]` : `.${String(step)}`), root);

// A secret is stored as its hash only, and not even staged otherwise.
function hashSecrets(entry: Readonly<Record<string, unknown>>): object {
  const secrets = Object.entries(entry).filter(([field]) => field === 'token' || field === 'key');
  return { ...entry, ...Object.fromEntries(secrets.map(([field, secret]) => [field, hashSecret(String(secret))])) };
}
