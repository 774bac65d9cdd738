import { type Insertable, type Selectable, type SelectQueryBuilder, sql } from 'kysely';
import type { Context } from './context.ts';
import { endings, endMessages } from './ending.ts';
import { createLifetimes } from './lifetimes.ts';
import { type MessageBody, type MessageRow, type MessageStatus, openMessage, statuses } from './message.ts';
import { createOutbox } from './outbox.ts';
import { createOutcomes } from './outcomes.ts';
import { createProtos } from './protos.ts';
import type { MessageState, MessageTable, Tables } from './schema.ts';
import { about, sealJson } from './seals.ts';
import { statement } from './statement.ts';
import { inTransaction } from './transactions.ts';

type Columns = Insertable<MessageTable>;
export type NewMessage = Pick<
  Columns,
  'account_id' | 'device_id' | 'subscription_id' | 'whatsapp_id' | 'recipient' | 'chat' | 'type' | 'expires_at'
> &
  Partial<Pick<Columns, 'waiting_for' | 'priority' | 'show_typing' | 'hold' | 'ref' | 'due_at' | 'created_at'>> & {
    readonly body: MessageBody;
  };

export interface History {
  readonly status?: MessageStatus | undefined;
  readonly state?: MessageState | undefined;
  readonly recipient?: string | undefined;
  readonly ref?: string | undefined;
  /** Unix ms of the acceptance: from `since` on, before `until`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly limit: number;
  /** From 1. */
  readonly page: number;
}

export interface Statistics {
  readonly total_sent: number;
  readonly total_failed: number;
  readonly today_sent: number;
}

const ACCEPTED = [
  'account_id',
  'device_id',
  'subscription_id',
  'whatsapp_id',
  'recipient',
  'chat',
  'type',
  'sealed_body',
  'waiting_for',
  'priority',
  'show_typing',
  'hold',
  'ref',
  'due_at',
  'expires_at',
  'created_at',
  'counted',
] as const satisfies (keyof MessageTable)[];
type Accepted = Pick<Selectable<MessageTable>, (typeof ACCEPTED)[number]>;

const accept = statement<Accepted, Selectable<MessageTable>>(({ db, value }) =>
  db
    .insertInto('message')
    .values({
      ...(Object.fromEntries(ACCEPTED.map((name) => [name, value(name)])) as unknown as Accepted),
      state: 'queued',
      attempts: 0,
    })
    .returningAll()
    .compile(),
);

export type Messages = ReturnType<typeof createMessages>;

/** The tenant's calls; those of the device's owner are in `outbox.ts` and `outcomes.ts`, what ends without one in `lifetimes.ts`, the frozen bytes in `protos.ts`. */
export function createMessages(context: Context) {
  const { db, dialect, vault, clock } = context;
  /** The device's rows, if it is the tenant's: asked once, so that the counts read nothing but an index. */
  const ofDevice = (account_id: number, device_id: number) =>
    db
      .selectFrom('message')
      .where('device_id', '=', device_id)
      .where((eb) =>
        eb.exists(
          eb.selectFrom('device').select('id').where('id', '=', device_id).where('account_id', '=', account_id),
        ),
      );
  return {
    ...createOutbox(context),
    ...createOutcomes(context),
    ...createLifetimes(context),
    ...createProtos(context),

    /**
     * Accepts a message: `queued`, counted when it has a subscription. Belongs in one transaction with
     * `subscriptions.reserve`; durable after `store.durable()`.
     */
    async insert({ body, ...row }: NewMessage): Promise<MessageRow> {
      const now = row.created_at ?? clock.now();
      const subscription_id = row.subscription_id ?? null;
      const { rows } = await accept(context, {
        account_id: row.account_id,
        device_id: row.device_id,
        subscription_id,
        whatsapp_id: row.whatsapp_id,
        recipient: row.recipient,
        chat: row.chat,
        type: row.type,
        sealed_body: sealJson(vault, body, about.body(row, row.whatsapp_id)),
        waiting_for: row.waiting_for ?? null,
        priority: row.priority ?? 0,
        show_typing: row.show_typing ?? 1,
        hold: row.hold ?? 0,
        ref: row.ref ?? null,
        due_at: row.due_at ?? now,
        expires_at: row.expires_at,
        created_at: now,
        counted: subscription_id === null ? 0 : 1,
      });
      const [stored] = rows;
      if (stored === undefined) throw new Error('An INSERT gave no row.');
      return openMessage(context, stored, body);
    },

    async find(account_id: number, device_id: number, id: number): Promise<MessageRow | undefined> {
      const row = await db
        .selectFrom('message')
        .selectAll()
        .where('id', '=', id)
        .where('account_id', '=', account_id)
        .where('device_id', '=', device_id)
        .executeTakeFirst();
      return row && openMessage(context, row);
    },

    /** Of these, those that have their outcome. Of all tenants: for whoever waits for them. */
    async settled(ids: readonly number[]): Promise<MessageRow[]> {
      if (ids.length === 0) return [];
      const rows = await db
        .selectFrom('message')
        .selectAll()
        .where('id', 'in', ids)
        .where('state', 'not in', ['queued', 'sending'])
        .execute();
      return rows.map((row) => openMessage(context, row));
    },

    /** Whose rows after `id` are queued, and the newest id: for a node that may not have been told of them. */
    async queuedAfter(id: number): Promise<{ readonly devices: readonly number[]; readonly newest: number }> {
      const rows = await db
        .selectFrom('message')
        .select('device_id')
        .distinct()
        .where('id', '>', id)
        .where('state', '=', 'queued')
        .execute();
      const { newest } = await db
        .selectFrom('message')
        .select((eb) => eb.fn.max('id').as('newest'))
        .executeTakeFirstOrThrow();
      return { devices: rows.map(({ device_id }) => device_id), newest: newest ?? 0 };
    },

    /** One page, newest first, and the exact number of all that match. */
    async list(
      account_id: number,
      device_id: number,
      history: History,
    ): Promise<{ rows: MessageRow[]; total: number }> {
      const matching = filtered(ofDevice(account_id, device_id), history);
      const { total } = await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      const offset = (history.page - 1) * history.limit;
      // SQLite is led to the index that counted them; the plus keeps it from taking the order from the history nevertheless.
      const rows =
        dialect.name === 'sqlite' && isRare(history)
          ? await ofDevice(account_id, device_id)
              .selectAll()
              .where('id', 'in', matching.select('id').orderBy(sql`+id`, 'desc').limit(history.limit).offset(offset))
              .orderBy('id', 'desc')
              .execute()
          : await matching.selectAll().orderBy('id', 'desc').limit(history.limit).offset(offset).execute();
      return { rows: rows.map((row) => openMessage(context, row)), total };
    },

    /** By the document's three words, as the filter `status` counts them. `startOfToday`: Unix ms. */
    async statistics(account_id: number, device_id: number, startOfToday: number): Promise<Statistics> {
      const states = await ofDevice(account_id, device_id)
        .select(['state', (eb) => eb.fn.countAll<number>().as('count')])
        .groupBy('state')
        .execute();
      const total = (status: MessageStatus) =>
        states
          .filter(({ state }) => statuses[status].some((one) => one === state))
          .reduce((sum, { count }) => sum + count, 0);
      const { today } = await ofDevice(account_id, device_id)
        .select((eb) => eb.fn.countAll<number>().as('today'))
        .where('sent_at', '>=', startOfToday)
        .executeTakeFirstOrThrow();
      return { total_sent: total('sent'), total_failed: total('failed'), today_sent: today };
    },

    /**
     * Only while it is queued; undefined when it is not, or is not the tenant's. Gives its quota back unless an attempt was made.
     * Needs no lease: a row that the owner is about to send is either `sending` by then, or its `markSending` finds it cancelled.
     */
    cancel(account_id: number, device_id: number, id: number): Promise<MessageRow | undefined> {
      return inTransaction(db, async (tx) => {
        const which = sql<boolean>`id = ${id} and state = 'queued'`;
        const [row] = await endMessages(tx, { account_id, device_id }, endings.cancelled, clock.now(), which);
        return row && openMessage(context, row);
      });
    },
  };
}

/**
 * Most messages were sent: a walk through the history finds a page of those at once, and may look at all of it for some others. PostgreSQL
 * knows which are rare and chooses.
 */
const isRare = ({ status, state }: History): boolean =>
  (status !== undefined && status !== 'sent') || (state !== undefined && !statuses.sent.some((one) => one === state));

type Select = SelectQueryBuilder<Tables, 'message', object>;

export function filtered(
  query: Select,
  { status, state, recipient, ref, since, until }: Omit<History, 'limit' | 'page'>,
): Select {
  let matching = query;
  if (status !== undefined) matching = matching.where('state', 'in', statuses[status]);
  if (state !== undefined) matching = matching.where('state', '=', state);
  if (recipient !== undefined) matching = matching.where('recipient', '=', recipient);
  if (ref !== undefined) matching = matching.where('ref', '=', ref);
  if (since !== undefined) matching = matching.where('created_at', '>=', since);
  if (until !== undefined) matching = matching.where('created_at', '<', until);
  return matching;
}
