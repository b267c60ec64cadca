import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Yoga and Pothos would otherwise get different copies of graphql, whose types refuse each other.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Threads start faster than processes.
    pool: 'threads',
    // One a core: by default vitest leaves one core free, which is half of a small machine.
    maxWorkers: '100%',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      // The console runs in a browser, where nothing is measured.
      exclude: ['src/generated/**', 'src/console/**'],
      thresholds: { lines: 90 },
    },
  },
});
