import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes and sockets: forks, so that a test file that must die cannot take its neighbours along.
    setupFiles: ['test/support/quiet.ts', 'test/support/loopback.ts', 'test/support/store.ts'],
    globalSetup: ['test/support/postgres.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Programs that start others take long on a busy machine of two cores; what is awaited names itself long before.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 20_000 } },
  },
});
