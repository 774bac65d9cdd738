import { setImmediate } from 'node:timers/promises';
import { type SelectQueryBuilder, sql } from 'kysely';
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
    const last = rows.at(-1);
    if (last === undefined) return sum;
    for (const row of rows) sum += await work(row);
    after = last.id;
    // SQLite answers at once: without this, nothing but this walk would run until its end.
    await setImmediate();
  }
}
