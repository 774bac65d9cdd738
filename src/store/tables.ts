import type { DatabaseSync } from 'node:sqlite';
import type pg from 'pg';
import { readNumbers } from './postgres.ts';
import { writerOf } from './writer.ts';

/** All tables as they are, whichever they are: for a copy of the whole. Both databases have the same, made by the same migrations. */
type Value = null | number | string | Uint8Array;
type Row = Readonly<Record<string, Value>>;

/** Rows of one statement towards PostgreSQL, which takes 65,535 parameters. */
const ROWS_AT_ONCE = 500;

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Of a SQLite database: each after those that it refers to. Tables of an archive's own (`archive_…`) are none. */
export function tablesOf(file: DatabaseSync): string[] {
  const names = file
    .prepare(
      "select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\' and name not like 'archive\\_%' escape '\\' order by name",
    )
    .all()
    .map(({ name }) => String(name));
  const ordered: string[] = [];
  const add = (name: string, waiting: readonly string[]) => {
    if (ordered.includes(name) || waiting.includes(name)) return;
    for (const { table } of file.prepare('select "table" from pragma_foreign_key_list(?)').all(name))
      add(String(table), [...waiting, name]);
    ordered.push(name);
  };
  for (const name of names) add(name, []);
  return ordered;
}

export function countsOf(file: DatabaseSync): Record<string, number> {
  return Object.fromEntries(
    tablesOf(file).map((name) => [name, Number(file.prepare(`select count(*) as n from ${quoted(name)}`).get()?.n)]),
  );
}

/**
 * Everything in a PostgreSQL database, as it was at one instant, into a SQLite file with the same tables, empty. Nobody waits for it there.
 * Gives the rows that PostgreSQL counted at that instant.
 */
export async function copyFromPostgres(url: string, file: DatabaseSync): Promise<Record<string, number>> {
  const client = await connect(url);
  const counts: Record<string, number> = {};
  try {
    await client.query('begin isolation level repeatable read read only');
    file.exec('pragma foreign_keys = off; begin');
    for (const table of tablesOf(file)) {
      file.exec(`delete from ${quoted(table)}`);
      const { rows: counted } = await client.query(`select count(*) as n from ${quoted(table)}`);
      counts[table] = Number(counted[0].n);
      await client.query(`declare rows no scroll cursor for select * from ${quoted(table)}`);
      for (;;) {
        const { rows } = await client.query<Row>(`fetch ${ROWS_AT_ONCE} from rows`);
        const [first] = rows;
        if (first === undefined) break;
        const columns = Object.keys(first);
        const insert = file.prepare(
          `insert into ${quoted(table)} (${columns.map(quoted)}) values (${columns.map(() => '?')})`,
        );
        for (const row of rows) insert.run(...columns.map((column) => row[column] ?? null));
      }
      await client.query('close rows');
    }
    file.exec('commit; pragma foreign_keys = on');
    await client.query('commit');
    return counts;
  } finally {
    await client.end();
  }
}

/**
 * Everything in a SQLite file into a PostgreSQL database with the same tables, in one transaction. What is there goes: without `replace`
 * it throws when there is an account.
 */
export async function copyToPostgres(file: DatabaseSync, url: string, replace: boolean): Promise<void> {
  const client = await connect(url);
  try {
    await client.query('begin');
    const tables = tablesOf(file);
    await client.query(`lock table ${tables.map(quoted)} in access exclusive mode`);
    const { rows: accounts } = await client.query('select 1 from account limit 1');
    if (accounts.length > 0 && !replace) throw new NotEmpty();
    await client.query(`truncate ${tables.map(quoted)}`);
    for (const table of tables) {
      const columns = file
        .prepare('select name from pragma_table_info(?)')
        .all(table)
        .map(({ name }) => String(name));
      let batch: Value[][] = [];
      const send = async () => {
        if (batch.length === 0) return;
        const marks = batch.map((_, n) => `(${columns.map((__, at) => `$${n * columns.length + at + 1}`)})`);
        await client.query(`insert into ${quoted(table)} (${columns.map(quoted)}) values ${marks}`, batch.flat());
        batch = [];
      };
      for (const row of file.prepare(`select * from ${quoted(table)}`).iterate()) {
        batch.push(columns.map((column) => bytesOf(row[column] as Value)));
        if (batch.length * (columns.length + 1) > 30_000 || batch.length === ROWS_AT_ONCE) await send();
      }
      await send();
    }
    for (const { name, seq } of file.prepare('select name, seq from sqlite_sequence').all())
      if (tables.includes(String(name)))
        await client.query("select setval(pg_get_serial_sequence($1, 'id'), greatest($2::bigint, 1))", [
          quoted(String(name)),
          Number(seq),
        ]);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

export class NotEmpty extends Error {}

/** pg takes a Uint8Array for a list of numbers. */
const bytesOf = (value: Value): Value => (value instanceof Uint8Array ? Buffer.from(value) : value);

async function connect(url: string): Promise<pg.Client> {
  const { Writer, count } = writerOf(url);
  for (let left = count; ; left--)
    try {
      return await new Writer({ types: { getTypeParser: readNumbers } }).connect();
    } catch (error) {
      if (left <= 1) throw error;
    }
}
