/** What is wrong with one place of an import file: `path` leads to it, such as `roles[3].users[2]`. */
export interface ImportProblem {
  readonly path: string;
  readonly message: string;
}

/** How many problems are told at once. */
export const problemLimit = 20;

/** The file can't be imported; nothing was changed. Its message lists the problems, one a line. */
export class ImportError extends Error {
  constructor(readonly problems: readonly ImportProblem[]) {
    const more = problems.length >= problemLimit ? `\n  … (the first ${problemLimit} problems)` : '';
    const lines = problems.slice(0, problemLimit).map(({ path, message }) => `\n  ${path}: ${message}`);
    super(`The file was not imported, and nothing was changed:${lines.join('')}${more}`);
    this.name = 'ImportError';
  }
}

/** An import that failed for one reason. */
export function importError(path: string, message: string): ImportError {
  return new ImportError([{ path, message }]);
}

/** Removals or another import were at the same entries for too long; nothing was changed. Trying again helps. */
export class DirectoryBusyError extends Error {
  constructor() {
    super('The directory is busy with other changes. Nothing was imported: run the import again.');
    this.name = 'DirectoryBusyError';
  }
}
