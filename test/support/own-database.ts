import { createHash } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { binaries, type Postgres, startPostgres } from './postgres.ts';

/**
 * Where the gateways of a test keep their rows. With a server (`npm run test:postgres`, `npm run test:crash -- --postgres`) each data folder
 * has a PostgreSQL database of its own, the same one for as long as the folder is the same; without one it has SQLite's file.
 */
let server: string | undefined;
const made = new Set<string>();

export const useServer = (url: string): void => {
  server = url;
};

/** For programs that are no vitest: a server of their own, which they stop in the end. What it acknowledged survives its own crash. */
export async function startServer(): Promise<Postgres> {
  const bin = binaries();
  if (bin === undefined) throw new Error('There is no PostgreSQL here: install PostgreSQL 15 or newer.');
  const postgres = await startPostgres(bin, ['fsync=off', 'synchronous_commit=on', 'log_min_messages=fatal']);
  useServer(postgres.url);
  return postgres;
}

/** Settings of a gateway that stays on SQLite's file in every run, since the file is what its test is about. */
export const ON_FILE = { DATABASE_URL: '' };

export const onPostgres = (): boolean => server !== undefined;

/** What a gateway with this data folder finds in its environment. The database is made when the folder has none yet. */
export async function databaseOf(dataDir: string): Promise<Record<string, string>> {
  if (server === undefined) return {};
  const name = nameOf(dataDir);
  const { rowCount } = await administer(`select from pg_database where datname = '${name}'`);
  if (rowCount === 0) await administer(`create database ${name}`);
  made.add(dataDir);
  // No proxy stands before a test's gateway that would have to be told of its end.
  return { DATABASE_URL: urlOf(server, name), DRAIN_SECONDS: '0' };
}

/** Its URL or its file, for looks past the gateway (`rows.ts`). */
export const placeOf = (dataDir: string): string =>
  server === undefined ? join(dataDir, 'wagate.db') : urlOf(server, nameOf(dataDir));

export async function dropDatabaseOf(dataDir: string): Promise<void> {
  if (made.delete(dataDir)) await administer(`drop database if exists ${nameOf(dataDir)} with (force)`);
}

/** All that this process made and nobody dropped. */
export async function dropDatabases(): Promise<void> {
  for (const dataDir of [...made]) await dropDatabaseOf(dataDir);
}

const nameOf = (dataDir: string): string =>
  `wagate_own_${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`;

function urlOf(at: string, name: string): string {
  const url = new URL(at);
  url.pathname = `/${name}`;
  return url.href;
}

async function administer(statement: string): Promise<pg.QueryResult> {
  const client = new pg.Client(server);
  await client.connect();
  return client.query(statement).finally(() => client.end());
}
