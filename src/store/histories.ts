import { type SelectQueryBuilder, sql } from 'kysely';
import type { Context } from './context.ts';
import { type MessageRow, openMessage } from './message.ts';
import { filtered, type History } from './messages.ts';
import type { MessageState, Tables } from './schema.ts';

/** A filter of an account's history. */
export type Search = Partial<Omit<History, 'limit' | 'page'>> & { readonly device_id?: number | undefined };

/** Of a quarter of an hour: every time zone's days begin with one. */
export interface DayFigures {
  /** Unix ms. */
  readonly at: number;
  readonly sent: number;
  readonly delivered: number;
  readonly read: number;
  readonly failed: number;
}

const QUARTER = 900_000;

export type Histories = ReturnType<typeof createHistories>;

/** Messages of a whole account, over all its devices, deleted ones too. */
export function createHistories(context: Context) {
  const { db } = context;
  const matching = (account_id: number, { device_id, ...search }: Search) => {
    let query = db.selectFrom('message').where('account_id', '=', account_id);
    if (device_id !== undefined) query = query.where('device_id', '=', device_id);
    return filtered(query as Select, search);
  };
  const open = (rows: readonly Parameters<typeof openMessage>[1][]) => rows.map((row) => openMessage(context, row));

  return {
    async page(
      account_id: number,
      search: Search,
      limit: number,
      page: number,
    ): Promise<{ rows: MessageRow[]; total: number }> {
      const all = matching(account_id, search);
      const { total } = await all.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      const rows = await all
        .selectAll()
        .orderBy('id', 'desc')
        .limit(limit)
        .offset((page - 1) * limit)
        .execute();
      return { rows: open(rows), total };
    },

    /** The newest `limit` rows with an id below `before`. */
    newest: async (account_id: number, search: Search, limit: number, before?: number): Promise<MessageRow[]> => {
      const all = matching(account_id, search);
      const rows = await (before === undefined ? all : all.where('id', '<', before))
        .selectAll()
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return open(rows);
    },

    /** Rows whose recipient, ref or id is exactly this, newest first. */
    exact: async (account_id: number, search: Search, words: string, limit: number): Promise<MessageRow[]> => {
      const number = /^\d{1,15}$/.test(words) ? Number(words) : -1;
      const rows = await matching(account_id, search)
        .where((eb) =>
          eb.or([
            eb('recipient', '=', words),
            eb('ref', '=', words),
            eb('whatsapp_id', '=', words),
            eb('id', '=', number),
          ]),
        )
        .selectAll()
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return open(rows);
    },

    async find(account_id: number, id: number): Promise<MessageRow | undefined> {
      const row = await db
        .selectFrom('message')
        .selectAll()
        .where('id', '=', id)
        .where('account_id', '=', account_id)
        .executeTakeFirst();
      return row && openMessage(context, row);
    },

    /** States of a device's messages by their WhatsApp ids. */
    async states(
      account_id: number,
      device_id: number,
      whatsapp_ids: readonly string[],
    ): Promise<ReadonlyMap<string, { readonly id: number; readonly state: MessageState }>> {
      if (whatsapp_ids.length === 0) return new Map();
      const rows = await db
        .selectFrom('message')
        .select(['id', 'whatsapp_id', 'state'])
        .where('account_id', '=', account_id)
        .where('device_id', '=', device_id)
        .where('whatsapp_id', 'in', whatsapp_ids)
        .execute();
      return new Map(rows.map(({ whatsapp_id, id, state }) => [whatsapp_id, { id, state }]));
    },

    /**
     * What a device sent, and what failed, by the quarter hour, from `since` on and before `until` (Unix ms). A cohort: `delivered` and
     * `read` are counted where the message was sent.
     */
    async figures(device_id: number, since: number, until: number): Promise<DayFigures[]> {
      const { rows } = await sql<DayFigures>`
        select at, sum(sent) as sent, sum(delivered) as delivered, sum("read") as "read", sum(failed) as failed from (
          select (sent_at / ${sql.lit(QUARTER)}) * ${sql.lit(QUARTER)} as at, 1 as sent,
            case when state in ('delivered', 'read') then 1 else 0 end as delivered,
            case when state = 'read' then 1 else 0 end as "read", 0 as failed
          from message where device_id = ${device_id} and sent_at >= ${since} and sent_at < ${until}
          union all
          select (failed_at / ${sql.lit(QUARTER)}) * ${sql.lit(QUARTER)}, 0, 0, 0, 1
          from message where device_id = ${device_id} and failed_at >= ${since} and failed_at < ${until}
        ) as counted group by at`.execute(db);
      return rows.map((row) => ({ ...row }));
    },

    /** Of all tenants: for administrators. */
    async waiting(): Promise<{ queued: number; sending: number }> {
      const count = async (state: 'queued' | 'sending') => {
        const { rows } = await sql<{ count: number }>`
          select count(*) as count from message where device_id in (select id from device) and state = ${sql.lit(state)}`.execute(
          db,
        );
        return rows[0]?.count ?? 0;
      };
      return { queued: await count('queued'), sending: await count('sending') };
    },
  };
}

type Select = SelectQueryBuilder<Tables, 'message', object>;
