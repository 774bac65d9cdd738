import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { describe, inject, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { createVault } from '../../src/base/vault.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import './postgres.ts';

/** An empty database of its own for one test. */
export interface Place {
  readonly url: string | undefined;
  readonly dataDir: string;
}

export interface TestDatabase {
  readonly kind: Store['kind'];
  /** An empty database; gone when the test passed, kept and named when it failed. */
  place(): Promise<Place>;
  /** A store on a new database, or on `at`; closed after the test. */
  open(options?: { at?: Place; clock?: Clock }): Promise<Store>;
}

export const testVault = createVault(Buffer.alloc(32, 7));

/** Runs the same suite over each database of this machine. */
export function overEachDatabase(name: string, suite: (database: TestDatabase) => void): void {
  describe(`${name} (SQLite)`, () => suite(testDatabase('sqlite', sqlitePlace)));
  const server = inject('postgresUrl');
  describe.skipIf(server === undefined)(`${name} (PostgreSQL)`, () =>
    suite(testDatabase('postgres', () => postgresPlace(server ?? ''))),
  );
}

function testDatabase(kind: Store['kind'], place: () => Promise<Place>): TestDatabase {
  return {
    kind,
    place,
    async open({ at, clock = systemClock } = {}) {
      const store = await openStore({ ...(at ?? (await place())), vault: testVault, clock });
      onTestFinished(() => store.close());
      return store;
    },
  };
}

/** Also for tests that are about SQLite alone. */
export async function sqlitePlace(): Promise<Place> {
  const dataDir = mkdtempSync(join(tmpdir(), 'wagate-store-'));
  afterTest(`the database is in ${dataDir}`, async () => rmSync(dataDir, { recursive: true, force: true }));
  return { url: undefined, dataDir };
}

export async function postgresPlace(server: string): Promise<Place> {
  return { url: await emptyDatabase(server), dataDir: tmpdir() };
}

/** On that server; dropped after the test. */
export async function emptyDatabase(server: string): Promise<string> {
  const name = `wagate_test_${randomBytes(6).toString('hex')}`;
  await administer(server, `create database ${name}`);
  afterTest(`the database is ${name}`, () => administer(server, `drop database ${name} with (force)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client(server);
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

/** Finish hooks run in reverse order: what is registered first, here, runs after the store was closed. */
function afterTest(where: string, remove: () => Promise<void>): void {
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') console.warn(`"${task.name}" failed; ${where}`);
    else await remove();
  });
}
