import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './schema.ts';

export type Queries = Kysely<Tables> | Transaction<Tables>;

/** A query of the outer store inside a transaction's callback: it would wait for ever for the connection that the callback holds. */
export class OutsideTransaction extends Error {
  constructor() {
    super(
      'A query outside of the transaction was made inside its callback. Use the nouns of the `tx` that the callback was given.',
    );
  }
}

/**
 * `open` turns false when the transaction ends, so that a job which the callback started, and which outlives it, is not taken for
 * a part of it.
 */
const current = new AsyncLocalStorage<{ open: boolean }>();

/** Called by the drivers before a connection is waited for. Throws instead of hanging (SQLite) or draining the pool (PostgreSQL). */
export function refuseInsideTransaction(): void {
  if (current.getStore()?.open) throw new OutsideTransaction();
}

/** Runs `work` in a transaction: a new one, or the one that `db` already is. */
export async function inTransaction<T>(db: Queries, work: (tx: Transaction<Tables>) => Promise<T>): Promise<T> {
  if (db.isTransaction) return work(db as Transaction<Tables>);
  const scope = { open: true };
  return db.transaction().execute(async (tx) => {
    try {
      return await current.run(scope, () => work(tx));
    } finally {
      scope.open = false;
    }
  });
}
