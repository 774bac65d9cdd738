import { createHash } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Clock } from '../base/clock.ts';
import { ConfigError } from '../base/config.ts';
import { type Database, openDatabase } from './database.ts';
import { occupy } from './occupancy.ts';
import type { Tables } from './schema.ts';

/** A database: `postgres://…`, or the folder of a SQLite file. */
export interface Place {
  readonly url: string | undefined;
  readonly dataDir: string;
}

export interface CopiedTable {
  readonly table: string;
  readonly rows: number;
  /** The same for the same rows, in whatever order. Hex. */
  readonly checksum: string;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * What is copied, with the columns that name a row; each table after those that it refers to. A test holds this list against the tables
 * of a database: none is forgotten.
 */
export const copied = [
  ['account', ['id']],
  ['user', ['id']],
  ['membership', ['account_id', 'user_id']],
  ['master_key', ['version']],
  ['sign_in_link', ['token_hash']],
  ['session', ['token_hash']],
  ['package', ['id']],
  ['subscription', ['id']],
  ['device', ['id']],
  ['device_lease', ['device_id']],
  ['device_creds', ['device_id']],
  ['device_key', ['device_id', 'type', 'key_id']],
  ['decrypt_journal', ['id']],
  ['message', ['id']],
  ['message_proto', ['message_id']],
  ['idempotency', ['device_id', 'key']],
  ['recovery_code', ['user_id', 'code_hash']],
  ['invitation', ['id']],
  ['purchase', ['id']],
  ['setting', ['name']],
  ['audit', ['id']],
  ['conversation', ['device_id', 'peer']],
  ['opt_out', ['device_id', 'person_hash']],
  ['inbox', ['id']],
  ['event', ['id']],
  ['webhook', ['id']],
  ['delivery', ['id']],
] as const satisfies readonly (readonly [keyof Tables, readonly string[]])[];

/** What only running nodes say to each other: it means nothing anywhere else. */
export const notCopied = ['migration', 'node', 'duty', 'device_live', 'node_call', 'rate_window'];

type Copied = (typeof copied)[number];
type Tx = Transaction<Tables>;

/** Parameters of one INSERT: below the limits of both databases (32,766 and 65,535). */
const MOST_PARAMETERS = 20_000;
const PAGE = 500;

/**
 * Copies a whole installation into an empty database, in one transaction: all of it or nothing. Sealed values are copied as they are, so that
 * the same MASTER_KEY opens them and no device is linked anew; ids stay, and are given on from where they were. Counts and checksums of what
 * was read are held against those of what was written. Throws ConfigError with a sentence for a person.
 */
export async function copyInstallation({
  from,
  to,
  clock,
  told,
}: {
  readonly from: Place;
  readonly to: Place;
  readonly clock: Pick<Clock, 'now'>;
  readonly told: (table: CopiedTable) => void;
}): Promise<readonly CopiedTable[]> {
  if (from.url === to.url && from.dataDir === to.dataDir)
    throw new ConfigError('Source and target are the same database. Nothing was copied.');
  const source = await openDatabase({ ...from, clock });
  const leaving: (() => void)[] = [];
  try {
    for (const { url, dataDir } of [from, to])
      if (url === undefined) leaving.push(occupy(dataDir, 'Stop it, and copy again. Nothing was copied.'));
    const target = await openDatabase({ ...to, clock });
    try {
      return await inSnapshot(source, (reading) =>
        target.db.transaction().execute(async (writing) => {
          await refuseBusy(reading, source);
          await refuseFull(writing);
          const tables: CopiedTable[] = [];
          for (const one of copied) {
            const table = await copyTable(reading, writing, one);
            if ((one[1] as readonly string[]).join() === 'id')
              await continueIds(writing, target, one[0], await newestId(reading, source, one[0]));
            tables.push(table);
            told(table);
          }
          return tables;
        }),
      );
    } finally {
      await target.dialect.durable();
      await target.db.destroy();
    }
  } finally {
    await source.db.destroy();
    for (const leave of leaving) leave();
  }
}

/** Not `inTransaction`: it forbids what is done here, two databases at once. */
const inSnapshot = <T>({ db, dialect }: Database, work: (tx: Tx) => Promise<T>): Promise<T> =>
  (dialect.name === 'postgres' ? db.transaction().setIsolationLevel('repeatable read') : db.transaction()).execute(
    work,
  );

/**
 * A gateway that goes on meanwhile would move ratchets on whose steps are then used twice; and one that keeps no device takes messages in,
 * which nobody would send.
 */
async function refuseBusy(reading: Tx, { dialect }: Database): Promise<void> {
  const { rows } = await sql<{ node: string }>`
    select node from device_lease where expires_at > ${dialect.now()}
    union select name from node where alive_until > ${dialect.now()} order by 1`.execute(reading);
  if (rows.length > 0)
    throw new ConfigError(
      `The source is in use by ${rows.map(({ node }) => node).join(', ')}. Stop the gateway, wait 15 seconds, and copy again. Nothing was copied.`,
    );
}

async function refuseFull(writing: Tx): Promise<void> {
  for (const [table] of copied) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(writing);
    if (rows.length > 0)
      throw new ConfigError(
        `The target holds data already (table ${table}). Name an empty database. Nothing was copied.`,
      );
  }
}

async function copyTable(reading: Tx, writing: Tx, one: Copied): Promise<CopiedTable> {
  const [table] = one;
  const read = createSum();
  for await (const rows of pagesOf(reading, one)) {
    for (const row of rows) read.add(row);
    const columns = Object.keys(rows[0] ?? {}).length;
    const most = Math.max(1, Math.floor(MOST_PARAMETERS / Math.max(1, columns)));
    for (let at = 0; at < rows.length; at += most)
      await writing
        .insertInto(table)
        .values(rows.slice(at, at + most) as never)
        .execute();
  }
  const written = createSum();
  for await (const rows of pagesOf(writing, one)) for (const row of rows) written.add(row);
  const [before, after] = [read.told(), written.told()];
  if (before.rows !== after.rows || before.checksum !== after.checksum)
    throw new ConfigError(
      `Table ${table} is not the same in the target: ${after.rows} of ${before.rows} rows, checksum ${after.checksum} for ${before.checksum}. Nothing was copied.`,
    );
  return { table, ...before };
}

/** By the primary key, each page after the last row of the one before. */
async function* pagesOf(tx: Tx, [table, key]: Copied): AsyncGenerator<readonly Row[]> {
  const names = sql.join(key.map((column) => sql.ref(column)));
  let last: Row | undefined;
  for (;;) {
    const after = last;
    const where =
      after === undefined ? sql`` : sql`where (${names}) > (${sql.join(key.map((column) => after[column]))})`;
    const { rows } = await sql<Row>`select * from ${sql.table(table)} ${where} order by ${names} limit ${PAGE}`.execute(
      tx,
    );
    if (rows.length === 0) return;
    yield rows;
    last = rows.at(-1);
  }
}

/** Ids of deleted rows are not given again. */
async function newestId(reading: Tx, { dialect }: Database, table: string): Promise<number> {
  const { rows } =
    dialect.name === 'sqlite'
      ? await sql<{ id: number | null }>`select seq as id from sqlite_sequence where name = ${table}`.execute(reading)
      : await sql<{ id: number | null }>`
          select pg_sequence_last_value(pg_get_serial_sequence(${`"${table}"`}, 'id')::regclass) as id`.execute(
          reading,
        );
  return rows[0]?.id ?? 0;
}

async function continueIds(writing: Tx, { dialect }: Database, table: string, newest: number): Promise<void> {
  if (newest === 0) return;
  if (dialect.name === 'postgres') {
    await sql`select setval(pg_get_serial_sequence(${`"${table}"`}, 'id')::regclass, ${newest})`.execute(writing);
    return;
  }
  await sql`delete from sqlite_sequence where name = ${table}`.execute(writing);
  await sql`insert into sqlite_sequence (name, seq) values (${table}, ${newest})`.execute(writing);
}

/** Adds up a hash of each row: the databases order text in different ways. */
function createSum() {
  let rows = 0;
  let sum = 0n;
  return {
    add(row: Row) {
      const hash = createHash('sha256');
      for (const column of Object.keys(row).sort())
        hash.update(`${column}=`).update(canonical(row[column])).update(';');
      rows += 1;
      sum = (sum + BigInt(`0x${hash.digest('hex')}`)) & MASK;
    },
    told: () => ({ rows, checksum: sum.toString(16).padStart(64, '0') }),
  };
}

const MASK = (1n << 256n) - 1n;

function canonical(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  return `${typeof value} ${JSON.stringify(value)}`;
}
