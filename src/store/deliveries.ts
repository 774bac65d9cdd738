import { type Selectable, sql } from 'kysely';
import type { Context } from './context.ts';
import type { Envelope } from './events.ts';
import type { DeliveryState, DeliveryTable } from './inbox-schema.ts';
import { about, openJson } from './seals.ts';
import type { WebhookRow } from './webhooks.ts';

/** A delivery that waits, as light as the worker's plan needs it. */
export interface Due {
  readonly id: number;
  readonly chat: string;
  readonly attempts: number;
  readonly due_at: number;
}

export type DeliveryRow = Omit<Selectable<DeliveryTable>, 'sealed_answer'> & {
  readonly uid: string;
  readonly type: string;
  readonly payload: Envelope;
  readonly answer: string | null;
};

/** A delivery that is being attempted. */
export interface Taken extends DeliveryRow {
  /** The event as it was read, sealed: by it is seen whether it was changed meanwhile. */
  readonly told: Uint8Array;
}

export interface Outcome {
  readonly status: number | null;
  readonly reason: string | null;
  readonly answer: string | null;
  readonly took_ms: number;
  readonly at: number;
}

type Device = Pick<WebhookRow, 'account_id' | 'device_id'>;

export type Deliveries = ReturnType<typeof createDeliveries>;

/** One event told to one endpoint: the log, and the worker's queue. */
export function createDeliveries(context: Context) {
  const { db, dialect, vault } = context;

  const joined = () =>
    db
      .selectFrom('delivery')
      .innerJoin('event', 'event.id', 'delivery.event_id')
      .selectAll('delivery')
      .select(['event.uid', 'event.type', 'event.sealed_payload', 'event.account_id', 'event.device_id']);
  type Joined = Awaited<ReturnType<ReturnType<typeof joined>['executeTakeFirstOrThrow']>>;
  const open = ({ sealed_answer, sealed_payload, account_id, device_id, ...row }: Joined): DeliveryRow => ({
    ...row,
    payload: openJson<Envelope>(vault, sealed_payload, about.event({ account_id, device_id }, row.uid)),
    answer: sealed_answer && vault.open(sealed_answer, about.answer(row.id)).toString(),
  });

  const attempted = (row: Pick<Taken, 'id' | 'told'>, { status, reason, answer, took_ms, at }: Outcome) => ({
    status,
    reason,
    took_ms,
    attempted_at: at,
    sealed_answer: answer === null || answer === '' ? null : answerOf(row, answer),
  });

  /** Of an event out of which a person was struck meanwhile (people/striking.ts) none is kept: it may repeat what it was told. */
  const answerOf = ({ id, told }: Pick<Taken, 'id' | 'told'>, answer: string) => sql<Uint8Array | null>`(
    select cast(${vault.seal(Buffer.from(answer), about.answer(id))} as ${sql.raw(dialect.columns.bytes)})
    from event where event.id = delivery.event_id and event.sealed_payload = ${told} ${dialect.forShare})`;

  return {
    /**
     * For the worker: what is due, and what of the same chats may have to go first, in order. `soon`: Unix ms until which a first
     * retry keeps its chat waiting. `beside`: leaves these chats out.
     */
    async plan(
      webhook_id: number,
      now: number,
      soon: number,
      limit: number,
      beside: readonly string[] = [],
    ): Promise<Due[]> {
      const others = beside.length === 0 ? sql`` : sql`and chat not in (${sql.join(beside)})`;
      const { rows } = await sql<Due>`
        select id, chat, attempts, due_at from delivery
        where webhook_id = ${webhook_id} and state = 'pending'
          and (due_at <= ${now} or (attempts <= 1 and due_at <= ${soon})) ${others}
        order by event_id limit ${limit}`.execute(db);
      return rows;
    },

    /** For the worker: everything that one attempt needs; undefined when it waits no longer. */
    async take(id: number): Promise<Taken | undefined> {
      const row = await joined().where('delivery.id', '=', id).where('state', '=', 'pending').executeTakeFirst();
      return row && { ...open(row), told: row.sealed_payload };
    },

    async markDelivered(row: Pick<Taken, 'id' | 'told'>, outcome: Outcome): Promise<void> {
      await db
        .updateTable('delivery')
        .set((eb) => ({
          ...attempted(row, outcome),
          state: 'delivered' as DeliveryState,
          delivered_at: outcome.at,
          attempts: eb('attempts', '+', 1),
        }))
        .where('id', '=', row.id)
        .execute();
    },

    /** Again at `due_at`, or (null) never by itself. */
    async markFailed(row: Pick<Taken, 'id' | 'told'>, outcome: Outcome, due_at: number | null): Promise<void> {
      await db
        .updateTable('delivery')
        .set((eb) => ({
          ...attempted(row, outcome),
          state: (due_at === null ? 'failed' : 'pending') as DeliveryState,
          ...(due_at !== null && { due_at }),
          attempts: eb('attempts', '+', 1),
        }))
        .where('id', '=', row.id)
        .where('state', '=', 'pending')
        .execute();
    },

    /** One for an event that the endpoint did not choose; gives its id. */
    async add({ id }: Pick<WebhookRow, 'id'>, uid: string, now: number): Promise<number> {
      const event = await db
        .selectFrom('event')
        .select(['id', 'chat'])
        .where('uid', '=', uid)
        .executeTakeFirstOrThrow();
      const row = await db
        .insertInto('delivery')
        .values({
          webhook_id: id,
          event_id: event.id,
          chat: event.chat,
          state: 'pending',
          attempts: 0,
          replays: 0,
          due_at: now,
          created_at: now,
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return row.id;
    },

    /** The log of an endpoint, newest first. */
    async list(
      { account_id, device_id }: Device,
      webhook_id: number,
      query: {
        readonly limit: number;
        readonly page: number;
        readonly state?: DeliveryState | undefined;
        readonly type?: string | undefined;
      },
    ): Promise<{ rows: DeliveryRow[]; total: number }> {
      const matching = joined()
        .where('delivery.webhook_id', '=', webhook_id)
        .where('event.device_id', '=', device_id)
        .where('event.account_id', '=', account_id)
        .$if(query.state !== undefined, (some) => some.where('delivery.state', '=', query.state ?? 'pending'))
        .$if(query.type !== undefined, (some) => some.where('event.type', '=', query.type ?? ''));
      // Only the type is the event's to tell: without it the endpoint is asked whose it is, and no event is read.
      const all =
        query.type === undefined
          ? db
              .selectFrom('delivery')
              .where('webhook_id', '=', webhook_id)
              .where((eb) =>
                eb.exists(
                  eb
                    .selectFrom('webhook')
                    .select('id')
                    .where('id', '=', webhook_id)
                    .where('device_id', '=', device_id)
                    .where('account_id', '=', account_id),
                ),
              )
              // Literal, because SQLite uses no index that could depend on a parameter's value.
              .$if(query.state !== undefined, (some) => some.where('state', '=', sql.lit(query.state ?? 'pending')))
          : matching.clearSelect();
      const { total } = await all.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      const rows = await matching
        .orderBy('delivery.id', 'desc')
        .limit(query.limit)
        .offset((query.page - 1) * query.limit)
        .execute();
      return { rows: rows.map(open), total };
    },

    async find({ account_id, device_id }: Device, webhook_id: number, id: number): Promise<DeliveryRow | undefined> {
      const row = await joined()
        .where('delivery.id', '=', id)
        .where('delivery.webhook_id', '=', webhook_id)
        .where('event.device_id', '=', device_id)
        .where('event.account_id', '=', account_id)
        .executeTakeFirst();
      return row && open(row);
    },

    /** Once more from the beginning of the schedule, under the same id. */
    async replay(webhook_id: number, id: number, now: number): Promise<boolean> {
      const row = await db
        .updateTable('delivery')
        .set((eb) => ({
          state: 'pending' as DeliveryState,
          attempts: 0,
          due_at: now,
          delivered_at: null,
          replays: eb('replays', '+', 1),
        }))
        .where('id', '=', id)
        .where('webhook_id', '=', webhook_id)
        .returning('id')
        .executeTakeFirst();
      return row !== undefined;
    },

    /**
     * Everything of these types that happened in a time (from `since`, before `until`), also before the endpoint was made. With
     * `missed`, only what was not delivered. Gives how many; the oldest `limit` of them.
     */
    async replayRange(
      { account_id, device_id }: Device,
      webhook_id: number,
      range: {
        readonly since: number;
        readonly until: number;
        readonly types: readonly string[];
        readonly missed: boolean;
        readonly limit: number;
      },
      now: number,
    ): Promise<number> {
      const { int } = context.dialect.columns;
      const missed = range.missed
        ? sql`and not exists (select 1 from delivery as done
            where done.webhook_id = ${webhook_id} and done.event_id = event.id and done.state <> 'failed')`
        : sql``;
      const { rows } = await sql`
        insert into delivery (webhook_id, event_id, chat, state, attempts, replays, due_at, created_at)
        select cast(${webhook_id} as ${sql.raw(int)}), id, chat, 'pending', 0, 0,
          cast(${now} as ${sql.raw(int)}), cast(${now} as ${sql.raw(int)})
        from event
        where device_id = ${device_id} and account_id = ${account_id}
          and created_at >= ${range.since} and created_at < ${range.until} and type in (${sql.join(range.types)}) ${missed}
        order by id limit ${range.limit}
        on conflict (webhook_id, event_id) do update
          set state = 'pending', attempts = 0, due_at = excluded.due_at, delivered_at = null, replays = delivery.replays + 1
        returning id`.execute(db);
      return rows.length;
    },

    /** How many wait for an endpoint, and since when the oldest does. */
    async backlog(webhook_id: number): Promise<{ readonly pending: number; readonly oldest: number | null }> {
      const row = await db
        .selectFrom('delivery')
        .select((eb) => [eb.fn.countAll<number>().as('pending'), eb.fn.min('created_at').as('oldest')])
        .where('webhook_id', '=', webhook_id)
        .where('state', '=', sql.lit('pending'))
        // Always true; without it SQLite takes `delivery_log`, and looks at all that was ever told.
        .where('due_at', '>=', 0)
        .executeTakeFirstOrThrow();
      return { pending: row.pending, oldest: row.oldest };
    },
  };
}
