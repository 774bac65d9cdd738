import { sql } from 'kysely';
import type { Context } from './context.ts';

export interface Counted {
  readonly key: string;
  readonly used: number;
  /** Milliseconds until the window ends. */
  readonly left: number;
}

export type Rates = ReturnType<typeof createRates>;

/** Counts in windows of fixed length that begin with the first request, over all nodes and by the database's clock. */
export function createRates({ db, dialect }: Pick<Context, 'db' | 'dialect'>) {
  const { int } = dialect.columns;
  return {
    /** Adds to many counts in one statement; gives them as they are then. Each key once. */
    async add(counts: readonly { readonly key: string; readonly count: number }[], window: number): Promise<Counted[]> {
      // In the order of keys: two nodes that add to the same ones never wait for each other crosswise.
      const sorted = [...counts].sort((a, b) => (a.key < b.key ? -1 : 1));
      const values = sorted.map(
        ({ key, count }) =>
          sql`(${key}, cast(${count} as ${sql.raw(int)}), ${dialect.now()} + cast(${window} as ${sql.raw(int)}))`,
      );
      const { rows } = await sql<Counted>`
        insert into rate_window (key, used, ends_at) values ${sql.join(values)}
        on conflict (key) do update set
          used = case when rate_window.ends_at <= ${dialect.now()} then excluded.used else rate_window.used + excluded.used end,
          ends_at = case when rate_window.ends_at <= ${dialect.now()} then excluded.ends_at else rate_window.ends_at end
        returning key, used, ends_at - ${dialect.now()} as "left"`.execute(db);
      return rows;
    },

    async prune(): Promise<void> {
      await sql`delete from rate_window where ends_at < ${dialect.now()}`.execute(db);
    },
  };
}
