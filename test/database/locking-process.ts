import { DirectoryLockedError, lockDirectory } from '../../src/database/embedded-lock.js';

// Tells that it is ready; when it is told to go, tries to lock the folder of the first argument, tells how that ended,
// and then lives on until it is killed.
const [, , folder = ''] = process.argv;
process.once('message', () => {
  try {
    lockDirectory(folder);
    process.send?.('locked');
  } catch (error) {
    process.send?.(error instanceof DirectoryLockedError ? error.message : `unexpected: ${error}`);
  }
});
setInterval(() => {}, 60_000);
process.send?.('ready');
