import { globSync } from 'node:fs';
import { defineConfig, mergeConfig } from 'vitest/config';
import { binaries } from './test/support/postgres.ts';
import base from './vitest.config.ts';

// `npm run test:postgres`: every suite that touches the store, with each gateway on a PostgreSQL database of its own
// (test/support/own-database.ts). What is new runs on both databases unless it is named here.

/** What `npm test` alone runs, and why. */
const elsewhere: Readonly<Record<string, string>> = {
  'test/architecture.test.ts': 'reads sources',
  'test/base/**': 'has no store',
  'test/net/**': 'has no store',
  'test/signal/**': 'has no store: keys are kept in the memory of the test',
  'test/link/**': 'has no store: keys are kept in the memory of the test',
  'test/simulator/**': 'is about the simulated network, which has a store of its own',
  'test/scripts/**': 'is about npm, Node and files',
  'test/http/**': 'has a fake gateway behind the HTTP surface, and no store',
  'test/gateway/**': 'has no store',
  'test/contract/words.test.ts': 'compares texts',
  'test/dashboard/fields.test.ts': 'compares texts',
  'test/docs/page.test.ts': 'has no store',
  'test/docs/syntax.test.ts': 'compares texts',
  'test/operations/supply.test.ts': 'is about whom a lone installation calls; its server would be one more',
  'test/panel/dashboard.test.ts': 'serves files',
  'test/regressions/long-id.test.ts': 'has no store',
  'test/regressions/nested-message.test.ts': 'has no store',
  'test/regressions/stalled-process.test.ts': 'has no store',
  'test/security/limits.test.ts': 'has a fake gateway, and no store',
  'test/webhooks/schedule.test.ts': 'computes times',

  'test/cluster/**': 'runs on PostgreSQL in `npm test`',
  'test/store/**': 'runs over each database in `npm test`',
  'test/inbox/store.test.ts': 'runs over each database in `npm test`',
  'test/panel/store.test.ts': 'runs over each database in `npm test`',
  'test/regressions/closed-line.test.ts': 'runs over each database in `npm test`',
  'test/regressions/empty-patch.test.ts': 'runs over each database in `npm test`',
  'test/security/keys.test.ts': 'runs over each database in `npm test`',
  'test/security/person-store.test.ts': 'runs over each database in `npm test`',
  'test/webhooks/deliveries.test.ts': 'runs over each database in `npm test`',
};
/*
 * In files that do run here, these stay on SQLite's file (`ON_FILE`), since it is what they are about: a full disk and a locked file
 * (test/weather), the bare copy of a file that uses keys twice (test/operations/backup), the witness of the ratchet, which reads the file
 * between a frame and its answer (test/crash/sending), and the device that is gone in the turn of its scan (test/regressions/hung-up).
 */

for (const path of Object.keys(elsewhere))
  if (globSync(path).length === 0) throw new Error(`${path} is left out here, and there is no such test`);

if (process.env.TEST_DATABASE_URL === undefined && binaries() === undefined) {
  console.error('There is no PostgreSQL here: set TEST_DATABASE_URL, or install PostgreSQL 15 or newer.');
  process.exit(1);
}

export default mergeConfig(
  base,
  defineConfig({ test: { env: { TEST_STORE: 'postgres' }, exclude: Object.keys(elsewhere) } }),
);
