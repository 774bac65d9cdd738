import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Kysely, type KyselyConfig, sql } from 'kysely';
import type { Clock } from '../base/clock.ts';
import { ConfigError } from '../base/config.ts';
import { asError } from '../base/errors.ts';
import { serversOf } from '../base/servers.ts';
import type { Dialect } from './dialect.ts';
import { migrate } from './migrate.ts';
import type { Migration } from './migrations/index.ts';
import { openPostgres } from './postgres.ts';
import type { Tables } from './schema.ts';
import { openSqlite, resultCode, type SqliteOptions } from './sqlite.ts';

export interface Database {
  readonly db: Kysely<Tables>;
  readonly dialect: Dialect;
}

export interface DatabaseOptions {
  /** `postgres://…`; undefined: SQLite in `dataDir`. */
  readonly url: string | undefined;
  /** Made when it is missing, for its owner only. `:memory:` keeps everything in memory. */
  readonly dataDir: string;
  readonly clock: Pick<Clock, 'now'>;
  /** This node's name, for the server's list of connections. */
  readonly node?: string;
  readonly datasync?: SqliteOptions['datasync'];
  /** True: it is looked at as it is, older or empty; nothing is made or changed. */
  readonly asItIs?: boolean;
  /** Those that this code knows, when they are not the ones of its version. */
  readonly migrations?: readonly Migration[];
  /** Hears how long each statement took. */
  readonly onStatement?: (ms: number, failed: boolean) => void;
}

/** Opens the database and brings it up to date. Throws ConfigError with a sentence for the person who starts the server. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  return options.url === undefined ? openFile(options) : openServer(options.url, options);
}

/** Whether the first start is still to come: there is no file of SQLite, or the server's database has no table of ours. Makes nothing. */
export async function isUntouched({ url, dataDir }: Pick<DatabaseOptions, 'url' | 'dataDir'>): Promise<boolean> {
  if (url === undefined) return !existsSync(join(dataDir, 'wagate.db'));
  const db = new Kysely<Tables>({ dialect: openPostgres({ url, limits: true }).kysely });
  try {
    const { rows } = await sql<{ name: string | null }>`select to_regclass('migration') as name`.execute(db);
    return rows[0]?.name === null;
  } finally {
    await db.destroy();
  }
}

async function openFile({
  dataDir,
  clock,
  datasync,
  asItIs,
  migrations,
  onStatement,
}: DatabaseOptions): Promise<Database> {
  const inMemory = dataDir === ':memory:';
  const path = inMemory ? dataDir : join(dataDir, 'wagate.db');
  let db: Kysely<Tables> | undefined;
  try {
    if (!inMemory) mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const dialect = openSqlite({ path, clock, ...(datasync && { datasync }) });
    db = new Kysely<Tables>({ dialect: dialect.kysely, ...timing(onStatement) });
    if (!asItIs) await migrate(db, dialect, clock.now(), migrations);
    return { db, dialect };
  } catch (error) {
    await db?.destroy();
    throw explainFile(path, error);
  }
}

async function openServer(url: string, options: DatabaseOptions): Promise<Database> {
  const { node, asItIs, onStatement } = options;
  if (!asItIs) await bringUpToDate(url, options);
  const dialect = openPostgres({ url, limits: true, ...(node !== undefined && { node }) });
  return { db: new Kysely<Tables>({ dialect: dialect.kysely, ...timing(onStatement) }), dialect };
}

async function bringUpToDate(
  url: string,
  { clock, migrations }: Pick<DatabaseOptions, 'clock' | 'migrations'>,
): Promise<void> {
  const patient = openPostgres({ url, limits: false });
  const migrating = new Kysely<Tables>({ dialect: patient.kysely });
  try {
    await migrate(migrating, patient, clock.now(), migrations);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`The database at ${withoutPassword(url)} could not be opened: ${reason(error)}`, {
      cause: error,
    });
  } finally {
    await migrating.destroy();
  }
}

const timing = (onStatement: DatabaseOptions['onStatement']): Pick<KyselyConfig, 'log'> =>
  onStatement === undefined
    ? {}
    : { log: ({ level, queryDurationMillis }) => onStatement(queryDurationMillis, level === 'error') };

/** The words of SQLite's result codes that a person can do something about. */
const sentences: Readonly<Record<number, string>> = {
  5: 'is locked by another process. Stop the other server or tool that uses it, and start again.',
  6: 'is locked by another process. Stop the other server or tool that uses it, and start again.',
  8: 'cannot be written. Check the owner and the rights of the file and its folder.',
  11: 'is damaged. Restore it from a backup.',
  13: 'cannot grow: the disk is full.',
  14: 'cannot be opened. Check the owner and the rights of the file and its folder.',
  26: 'is not a database, or was encrypted by another program.',
};

export function explainFile(path: string, error: unknown): Error {
  if (error instanceof ConfigError) return error;
  const cause = asError(error).cause ?? error;
  const sentence = sentences[resultCode(cause)] ?? `could not be opened: ${reason(error)}`;
  return new ConfigError(`The database file ${path} ${sentence}`, { cause: error });
}

const reason = (error: unknown): string => asError(asError(error).cause ?? error).message;

function withoutPassword(url: string): string {
  const shown = serversOf(url).urls.map((one) => {
    const parsed = new URL(one);
    parsed.password = '';
    return parsed.href;
  });
  return shown.join(' or ');
}
