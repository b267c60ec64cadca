import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Yoga and Pothos would otherwise get different copies of graphql, whose types refuse each other.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    // Those have a configuration of their own: vitest.faults.config.ts.
    exclude: ['test/faults/**'],
    globalSetup: ['test/support/global-setup.ts'],
    // Threads start faster than processes.
    pool: 'threads',
    // The files of a worker share their modules: loading them anew for each took a quarter of the time.
    isolate: false,
    // More than a small machine has cores: many tests wait, for processes that start and deadlines that pass.
    maxWorkers: 4,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      // The console runs in a browser, where nothing is measured.
      exclude: ['src/generated/**', 'src/console/**'],
      thresholds: { lines: 90 },
      ...(process.env['CI'] && { reporter: ['text-summary'] }),
    },
  },
});
