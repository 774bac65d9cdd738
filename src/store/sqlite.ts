import type { FileHandle } from 'node:fs/promises';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import type { Clock } from '../base/clock.ts';
import { failure } from '../base/errors.ts';
import type { Dialect } from './dialect.ts';
import { refuseInsideTransaction } from './transactions.ts';
import { createWal, type Wal } from './wal.ts';

export interface SqliteOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  readonly clock: Pick<Clock, 'now'>;
  /** The disk's manners, handed in; `file.datasync()` unless told. */
  readonly datasync?: (file: FileHandle) => Promise<void>;
}

/** The dialect over `node:sqlite`: one connection, WAL. Opens the file at once and throws what SQLite says. */
export function openSqlite({ path, clock, datasync = (file) => file.datasync() }: SqliteOptions): Dialect {
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    // NORMAL leaves the fsync of a commit out; `durable()` makes up for it (architecture.md has the figures).
    for (const pragma of ['journal_mode = wal', 'synchronous = normal', 'foreign_keys = on', 'temp_store = memory'])
      database.exec(`pragma ${pragma}`);
    // What is deleted is overwritten where its page is written anyway.
    database.exec('pragma secure_delete = fast');
  } catch (error) {
    database.close();
    throw error;
  }
  const wal = createWal(database.location() === null ? undefined : `${path}-wal`, datasync);
  return {
    name: 'sqlite',
    kysely: {
      createAdapter: () => new OwnQueueAdapter(),
      createDriver: () => createDriver(database, wal),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createIntrospector: (db) => new SqliteIntrospector(db),
    },
    columns: { id: 'integer primary key autoincrement', int: 'integer', bytes: 'blob', end: 'strict', unlogged: '' },
    now: () => sql<number>`${clock.now()}`,
    forShare: sql``,
    forUpdate: sql``,
    // The runner's transaction is `begin immediate`: it holds the only write lock of the file.
    lockMigrations: async () => undefined,
    durable: wal.sync,
  };
}

/** How long to wait for another process (the CLI) that writes; the wait blocks this process. */
const BUSY_MS = 2_000;
/** Statements kept prepared; multi-row writes differ by their number of rows, so there is an upper bound. */
const PREPARED = 300;

/** Kysely's own queue for single connections is replaced by the driver's, which can tell a deadlock before it waits. */
class OwnQueueAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

function createDriver(database: DatabaseSync, wal: Wal): Driver {
  const connection = createConnection(database);
  const run = (text: string) => async () => {
    await connection.executeQuery(CompiledQuery.raw(text));
  };
  const waiting: (() => void)[] = [];
  let taken = false;
  const take = async () => {
    if (taken) await new Promise<void>((resolve) => waiting.push(resolve));
    taken = true;
  };
  return {
    init: async () => undefined,
    async acquireConnection() {
      refuseInsideTransaction();
      await take();
      return connection;
    },
    async releaseConnection() {
      const next = waiting.shift();
      if (next) next();
      else taken = false;
    },
    // Immediate: a transaction that reads first and then finds another process writing could not wait, it would fail.
    beginTransaction: run('begin immediate'),
    commitTransaction: run('commit'),
    async rollbackTransaction() {
      // A full disk makes SQLite roll back by itself.
      if (database.isTransaction) database.exec('rollback');
    },
    async destroy() {
      await take();
      await wal.close().finally(() => database.close());
    },
  };
}

interface Prepared {
  readonly statement: StatementSync;
  readonly reads: boolean;
}

function createConnection(database: DatabaseSync): DatabaseConnection {
  const prepared = new Map<string, Prepared>();
  const prepare = (text: string): Prepared => {
    const known = prepared.get(text);
    if (known) return known;
    const statement = database.prepare(text);
    const made = { statement, reads: statement.columns().length > 0 };
    const [oldest] = prepared.keys();
    if (prepared.size >= PREPARED && oldest !== undefined) prepared.delete(oldest);
    prepared.set(text, made);
    return made;
  };
  return {
    async executeQuery<R>({ sql: text, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      try {
        const { statement, reads } = prepare(text);
        const values = parameters as readonly SQLInputValue[];
        if (reads) {
          const rows = statement.all(...values) as R[];
          return { rows, numAffectedRows: BigInt(rows.length) };
        }
        const { changes } = statement.run(...values);
        return { rows: [], numAffectedRows: BigInt(changes) };
      } catch (error) {
        throw outOfReach.has(resultCode(error)) ? failure('temporarily_unavailable', {}, { cause: error }) : error;
      }
    },
    // biome-ignore lint/correctness/useYield: the interface asks for a generator; nothing here streams
    async *streamQuery() {
      throw new Error('Streaming is not supported: read in pages.');
    },
  };
}

/** SQLite's primary result code of an error, or 0. https://sqlite.org/rescode.html */
export const resultCode = (error: unknown): number =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;

/** busy, locked, read-only, I/O error, full, cannot open: nothing was accepted, a later try may succeed. */
const outOfReach = new Set([5, 6, 8, 10, 13, 14]);
