import type { Dialect as KyselyDialect, RawBuilder, Transaction } from 'kysely';
import type { Bell } from './bell.ts';
import type { Tables } from './schema.ts';

/** What differs between the two databases. Everything else is written once. `sqlite.ts` and `postgres.ts` make one each. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  readonly kysely: KyselyDialect;
  readonly columns: Columns;
  /** The database's clock, Unix ms: leases are judged by it. SQLite lives in our process, so its clock is the one handed in. */
  now(): RawBuilder<number>;
  /** Ends a SELECT that must hold what it read until the transaction ends. Nothing on SQLite: it has one writer. */
  readonly forShare: RawBuilder<unknown>;
  readonly forUpdate: RawBuilder<unknown>;
  /** One migration run at a time; held until the transaction ends. */
  lockMigrations(tx: Transaction<Tables>): Promise<void>;
  /** Tells other nodes, where there can be others. */
  readonly bell?: () => Bell;
  /** Resolves when everything that was committed before the call survives a power failure. */
  durable(): Promise<void>;
}

/** Column types, for migrations and casts. */
export interface Columns {
  readonly id: string;
  readonly int: string;
  readonly bytes: string;
  /** What ends a CREATE TABLE. */
  readonly end: string;
  /** Of a table that may be empty after a crash. */
  readonly unlogged: string;
}
