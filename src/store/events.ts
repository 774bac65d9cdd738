import { type Selectable, sql } from 'kysely';
import type { Context } from './context.ts';
import type { EventTable } from './inbox-schema.ts';
import { about, openJson, sealJson } from './seals.ts';
import { inTransaction } from './transactions.ts';

export interface NewEvent {
  readonly uid: string;
  readonly type: string;
  /** What must be told only once in the device's life; null: each time. */
  readonly cause: string | null;
  /** Deliveries of one chat keep their order; empty: of none. */
  readonly chat: string;
  readonly data: unknown;
  readonly at: number;
}

/** What webhooks and live streams tell, as `payload`: the envelope `{id, type, timestamp, device, data}`. */
export type StoredEvent = Omit<Selectable<EventTable>, 'sealed_payload'> & { readonly payload: Envelope };

export interface Envelope {
  readonly id: string;
  readonly type: string;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
  readonly device: { readonly id: number; readonly name: string; readonly phone_number: string | null };
  readonly data: unknown;
}

interface Device {
  readonly account_id: number;
  readonly device_id: number;
}

export type EventLog = ReturnType<typeof createEventLog>;

/** What happened to a device, in the order in which it was committed. */
export function createEventLog(context: Context) {
  const { db, vault } = context;
  const open = ({ sealed_payload, ...row }: Selectable<EventTable>): StoredEvent => ({
    ...row,
    payload: openJson<Envelope>(vault, sealed_payload, about.event(row, row.uid)),
  });

  return {
    /**
     * Writes it down with a delivery for each webhook that wants it. Belongs in the transaction of its cause. The device's row is
     * locked until that ends: numbers are given in the order of commits, and who follows them misses none. False when its cause was
     * told before, or the device is gone.
     */
    record: (device: Device, { uid, type, cause, chat, data, at }: NewEvent): Promise<boolean> =>
      inTransaction(db, async (tx) => {
        const counted = await tx
          .updateTable('device')
          .set((eb) => ({ event_seq: eb('event_seq', '+', 1) }))
          .where('id', '=', device.device_id)
          .where('account_id', '=', device.account_id)
          .where('deleted_at', 'is', null)
          .where((eb) =>
            eb.not(
              eb.exists(
                eb
                  .selectFrom('event')
                  .select('id')
                  .where('device_id', '=', device.device_id)
                  .where('cause', '=', cause ?? ''),
              ),
            ),
          )
          .returning(['event_seq', 'name', 'phone'])
          .executeTakeFirst();
        if (counted === undefined) return false;
        const payload: Envelope = {
          id: uid,
          type,
          timestamp: new Date(at).toISOString(),
          device: { id: device.device_id, name: counted.name, phone_number: counted.phone },
          data,
        };
        const { id } = await tx
          .insertInto('event')
          .values({
            account_id: device.account_id,
            device_id: device.device_id,
            seq: counted.event_seq,
            uid,
            type,
            cause,
            chat,
            sealed_payload: sealJson(vault, payload, about.event(device, uid)),
            created_at: at,
          })
          .returning('id')
          .executeTakeFirstOrThrow();
        const { int } = context.dialect.columns;
        await sql`
          insert into delivery (webhook_id, event_id, chat, state, attempts, replays, due_at, created_at)
          select id, cast(${id} as ${sql.raw(int)}), cast(${chat} as text), 'pending', 0, 0,
            cast(${at} as ${sql.raw(int)}), cast(${at} as ${sql.raw(int)})
          from webhook
          where device_id = ${device.device_id} and enabled = 1 and events like ${`%"${type}"%`}`.execute(tx);
        return true;
      }),

    /** What came after a number, the oldest first. */
    async after(account_id: number, device_id: number, seq: number, limit: number): Promise<StoredEvent[]> {
      const rows = await db
        .selectFrom('event')
        .selectAll()
        .where('device_id', '=', device_id)
        .where('account_id', '=', account_id)
        .where('seq', '>', seq)
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(open);
    },

    /** The number of the newest; 0 before the first. */
    async last(account_id: number, device_id: number): Promise<number> {
      const row = await db
        .selectFrom('device')
        .select('event_seq')
        .where('id', '=', device_id)
        .where('account_id', '=', account_id)
        .executeTakeFirst();
      return row?.event_seq ?? 0;
    },

    /** A live stream follows the device now. */
    async follow(account_id: number, device_id: number, at: number): Promise<void> {
      await db
        .updateTable('device')
        .set({ followed_at: at })
        .where('id', '=', device_id)
        .where('account_id', '=', account_id)
        .execute();
    },

    /** Which types its endpoints chose, and when a live stream followed it last. */
    async listeners(
      device_id: number,
    ): Promise<{ readonly types: ReadonlySet<string>; readonly followed_at: number | null }> {
      const rows = await db
        .selectFrom('device')
        .leftJoin('webhook', (join) => join.onRef('webhook.device_id', '=', 'device.id').on('webhook.enabled', '=', 1))
        .select(['device.followed_at', 'webhook.events'])
        .where('device.id', '=', device_id)
        .execute();
      const types = rows.flatMap(({ events }) => (events === null ? [] : (JSON.parse(events) as string[])));
      return { types: new Set(types), followed_at: rows[0]?.followed_at ?? null };
    },

    /**
     * Deletes what is older than `before`, unless it waits for a delivery and is younger than `pendingBefore`: at most `limit`. Of all tenants;
     * gives how many.
     */
    async prune(before: number, pendingBefore: number, limit: number): Promise<number> {
      const { numAffectedRows = 0n } = await sql`
        delete from event where id in (
          select id from event where created_at < ${before} and (created_at < ${pendingBefore} or not exists (
            select 1 from delivery where delivery.event_id = event.id and delivery.state = 'pending'))
          limit ${limit})`.execute(db);
      return Number(numAffectedRows);
    },
  };
}
