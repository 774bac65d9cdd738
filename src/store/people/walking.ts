import { setImmediate } from 'node:timers/promises';
import { type SelectQueryBuilder, sql } from 'kysely';
import type { Context } from '../context.ts';
import type { Tables } from '../schema.ts';

/** Rows a page, so that a gateway at work waits for no more than some milliseconds. */
const AT_ONCE = 200;

/**
 * Walks through the rows of a query by their id (`idOf` where two tables have one), some at a time; gives the sum of what `work` gives. Not
 * for the inside of a transaction: between pages everything else has its turn.
 */
export async function through<Table extends keyof Tables, Row extends { readonly id: number }>(
  query: SelectQueryBuilder<Tables, Table, Row>,
  work: (row: Row) => Promise<number>,
  idOf = 'id',
): Promise<number> {
  const id = sql.ref<number>(idOf);
  let sum = 0;
  for (let after = 0; ; ) {
    const rows = await query.where(id, '>', after).orderBy(id).limit(AT_ONCE).execute();
    // SQLite answers at once: without this, nothing but this walk would run until its end.
    await setImmediate();
    const last = rows.at(-1);
    if (last === undefined) return sum;
    for (const row of rows) sum += await work(row);
    after = last.id;
  }
}

/**
 * The same through an account's inbox, one device after the other: its indexes begin with the device. One that began with the account would
 * not do: SQLite would take it for whatever names the account as well, the chats and what is unread (seen with `explain query plan`).
 */
export async function throughInbox<Row extends { readonly id: number }>(
  { db }: Pick<Context, 'db'>,
  account_id: number,
  choose: (inbox: SelectQueryBuilder<Tables, 'inbox', object>) => SelectQueryBuilder<Tables, 'inbox', Row>,
  work: (row: Row) => Promise<number>,
): Promise<number> {
  let sum = 0;
  for (const device_id of await devicesIn(db, account_id)) {
    const inbox = db.selectFrom('inbox').where('device_id', '=', device_id).where('account_id', '=', account_id);
    sum += await through(choose(inbox), work);
  }
  return sum;
}

export const devicesIn = async (db: Context['db'], account_id: number): Promise<number[]> =>
  (await db.selectFrom('device').select('id').where('account_id', '=', account_id).execute()).map(({ id }) => id);
