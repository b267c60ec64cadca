import { Tokenizer, TokenParser, TokenType } from '@streamparser/json';
import { ImportError, importError } from './problems.js';

/** One object of one of the file's lists, parsed and not checked yet. */
export interface RawEntry {
  readonly section: string;
  /** Its place in the list, counted from 0. */
  readonly position: number;
  readonly value: unknown;
}

type Token = Parameters<Tokenizer['onToken']>[0];

// Larger ones are refused, so that a broken file can't use up the memory. Bytes.
const entryLimit = 64 * 1024 * 1024;
const tokenLimit = 1024 * 1024;

const newline = 0x0a;
const structure: ReadonlySet<TokenType> = new Set([TokenType.COMMA, TokenType.RIGHT_BRACE, TokenType.RIGHT_BRACKET]);

/**
 * Cuts a file of the import format, `{ "section": [ {…}, … ], … }`, into its entries without ever holding more than
 * one of them. The library reads the JSON; what is added here is the shape of the file's outer two levels, and errors
 * that say where they are and never quote the file, which may hold secrets. Throws ImportError.
 */
export class EntryReader {
  readonly #tokenizer = new Tokenizer();
  readonly #parser = new TokenParser({ paths: ['$.*.*'], keepStack: false });
  readonly #seen = new Set<string>();
  #ready: RawEntry[] = [];
  #depth = 0;
  #section: string | null = null;
  #position = 0;
  #previous: TokenType | null = null;
  // Where the file has been read to: bytes, and lines before the present chunk.
  #size = 0;
  #linesBefore = 0;
  #entryStart = 0;
  #tokenStart = 0;

  constructor(private readonly sections: ReadonlySet<string>) {
    this.#tokenizer.onToken = (token) => this.#take(token);
    this.#parser.onValue = ({ value }) => this.#finishEntry(value);
  }

  /** The entries that end in `chunk`. */
  read(chunk: Uint8Array): RawEntry[] {
    if (this.#size < 2) {
      refuseUtf16(chunk);
    }
    this.#ready = [];
    try {
      this.#tokenizer.write(chunk);
    } catch (error) {
      throw this.#toImportError(error, chunk);
    }
    this.#size += chunk.length;
    this.#linesBefore += countLines(chunk);
    this.#checkLimits();
    return this.#ready;
  }

  /** To be called after the last chunk. */
  end(): void {
    if (this.#size === 0) {
      throw importError('file', 'is empty');
    }
    if (!this.#parser.isEnded) {
      throw importError(this.#place(), `the file ends too early, in line ${this.#linesBefore + 1}`);
    }
    try {
      this.#tokenizer.end();
    } catch {
      throw afterTheEnd();
    }
  }

  #take(token: Token): void {
    this.#checkShape(token);
    this.#parser.write(token);
    this.#count(token);
    this.#tokenStart = token.offset;
    this.#previous = token.token;
  }

  #checkShape({ token, value }: Token): void {
    if (this.#parser.isEnded) {
      throw afterTheEnd();
    }
    if (this.#depth === 0 && token !== TokenType.LEFT_BRACE) {
      throw importError('file', 'must be JSON: one object with the sections as its keys');
    }
    if (this.#depth === 1) {
      this.#checkSection(token, value);
    }
    if (this.#depth === 2 && token !== TokenType.LEFT_BRACE && !structure.has(token)) {
      throw importError(this.#place(), 'must be an object');
    }
  }

  #count({ token, offset }: Token): void {
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) {
      this.#depth += 1;
      this.#entryStart = this.#depth === 3 ? offset : this.#entryStart;
    } else if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) {
      this.#depth -= 1;
    }
  }

  #checkSection(token: TokenType, value: unknown): void {
    if (this.#previous === TokenType.COLON && token !== TokenType.LEFT_BRACKET) {
      throw importError(this.#section ?? 'file', 'must be a list');
    }
    if (token === TokenType.STRING) {
      this.#openSection(String(value));
    }
  }

  #openSection(name: string): void {
    if (!this.sections.has(name)) {
      const shown = JSON.stringify(name.slice(0, 40));
      throw importError('file', `has no section ${shown}; the sections are ${[...this.sections].join(', ')}`);
    }
    if (this.#seen.has(name)) {
      throw importError(name, 'is in the file twice');
    }
    this.#seen.add(name);
    this.#section = name;
    this.#position = 0;
  }

  #finishEntry(value: unknown): void {
    this.#ready.push({ section: this.#section ?? '', position: this.#position, value });
    this.#position += 1;
  }

  #checkLimits(): void {
    if (this.#depth >= 3 && this.#size - this.#entryStart > entryLimit) {
      throw importError(this.#place(), `is larger than ${entryLimit / 1024 / 1024} MB`);
    }
    if (!this.#parser.isEnded && this.#size - this.#tokenStart > tokenLimit) {
      throw importError(this.#place(), `holds a text or a gap larger than ${tokenLimit / 1024 / 1024} MB`);
    }
  }

  // The library's messages quote the file.
  #toImportError(error: unknown, chunk: Uint8Array): ImportError {
    if (error instanceof ImportError) {
      return error;
    }
    const line = 1 + this.#linesBefore + countLines(chunk.subarray(0, Math.max(0, this.#tokenStart - this.#size)));
    const reason = error instanceof TypeError && 'code' in error ? 'is not UTF-8' : 'is not JSON';
    return importError(this.#place(), `${reason} (in line ${line} or soon after)`);
  }

  #place(): string {
    if (this.#section === null || this.#depth === 0) {
      return 'file';
    }
    return this.#depth === 1 ? this.#section : `${this.#section}[${this.#position}]`;
  }
}

const afterTheEnd = () => importError('file', 'nothing may follow the closing }');

function refuseUtf16([first, second]: Uint8Array): void {
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw importError('file', 'must be UTF-8, not UTF-16');
  }
}

function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) {
    count += 1;
  }
  return count;
}
