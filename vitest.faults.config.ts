import { defineConfig, mergeConfig } from 'vitest/config';
import usual from './vitest.config.js';

// Processes that are killed, servers that are stopped: minutes, and nothing else must be going on meanwhile.
export default mergeConfig(
  { ...usual, test: { ...usual.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      include: ['test/faults/**/*.test.ts'],
      maxWorkers: 1,
      testTimeout: process.env['FAULTS'] === 'full' ? 1_800_000 : 120_000,
    },
  }),
);
