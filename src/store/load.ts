import { sql } from 'kysely';
import type { Context } from './context.ts';
import type { MessageState, WaitingFor } from './schema.ts';

/** What is under way in the whole database, counted for whoever watches over it; no row of any tenant. */
export interface LoadFigures {
  /** Messages without an outcome, by state and reason of waiting. */
  readonly messages: readonly {
    readonly state: MessageState;
    readonly waiting_for: WaitingFor | null;
    readonly count: number;
  }[];
  /** When the oldest of them became due, Unix ms; null: none is due. */
  readonly oldest_due_at: number | null;
  readonly deliveries: number;
  readonly paused_webhooks: number;
  readonly enabled_devices: number;
}

export type Load = ReturnType<typeof createLoad>;

export function createLoad({ db, clock }: Pick<Context, 'db' | 'clock'>) {
  return {
    async read(): Promise<LoadFigures> {
      // The states stand in the text: a partial index serves no parameter.
      const { rows: messages } = await sql<LoadFigures['messages'][number]>`
        select state, waiting_for, count(*) as count from message
        where state in ('queued', 'sending') group by state, waiting_for`.execute(db);
      const { rows } = await sql<Omit<LoadFigures, 'messages'>>`select
        (select min(due_at) from message where state in ('queued', 'sending') and due_at <= ${clock.now()}) as oldest_due_at,
        (select count(*) from delivery where state = 'pending') as deliveries,
        (select count(*) from webhook where paused_at is not null) as paused_webhooks,
        (select count(*) from device where enabled = 1 and deleted_at is null) as enabled_devices`.execute(db);
      const [figures] = rows;
      if (figures === undefined) throw new Error('a SELECT without FROM gives one row');
      return { messages, ...figures };
    },
  };
}
