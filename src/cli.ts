#!/usr/bin/env node
import { toFailure } from './commands/failure.js';
import { createProgram } from './commands/program.js';

try {
  await createProgram().parseAsync();
} catch (error) {
  const { exitCode, message } = await toFailure(error);
  process.exitCode = exitCode;
  if (message !== null) {
    process.stderr.write(`${message}\n`);
  }
}
