import { type RawBuilder, sql } from 'kysely';
import type { Context } from './context.ts';
import { ENDED_AT_ONCE, endings, endMessages } from './ending.ts';
import { type MessageRow, openMessage } from './message.ts';
import { inTransaction } from './transactions.ts';

/** A device whose messages nobody ends, since no node keeps it. */
export interface Unkept {
  readonly account_id: number;
  readonly device_id: number;
  /** It shall be connected, so that a node takes it soon, most likely. */
  readonly wanted: 0 | 1;
}

/**
 * How long an unknown row waits, past its lifetime, for the device to come back and hear what became of it: receipts that wait at
 * WhatsApp settle most. Then it ends all the same; a receipt lifts it out of `expired` later.
 */
export const UNSETTLED_MS = 3_600_000;

/** The ends of messages whose device has no owner: what a running one does for its own (`outcomes.ts`). Of all tenants. */
export function createLifetimes(context: Context) {
  const { db, dialect } = context;
  const isLate = (now: number, wanted: RawBuilder<number>) => sql<boolean>`(expires_at <= ${now} and (state = 'queued'
    or state = 'sending' and (${wanted} = 0 or expires_at <= ${now - UNSETTLED_MS})))`;

  return {
    /** The devices that no node keeps now and that have messages past their lifetime. */
    async lateUnkept(now: number): Promise<Unkept[]> {
      const { rows } = await sql<Unkept>`
        select account_id, device_id, wanted from (
          select device.account_id, device.id as device_id,
            case when device.enabled = 1 and device.deleted_at is null and device.suspended_at is null
              and account.suspended_at is null then 1 else 0 end as wanted
          from device join account on account.id = device.account_id
          where not exists (select 1 from device_lease
            where device_lease.device_id = device.id and device_lease.expires_at > ${dialect.now()})) as unkept
        where exists (select 1 from message where message.device_id = unkept.device_id
          and ${isLate(now, sql.ref('unkept.wanted'))})
        order by device_id`.execute(db);
      return rows;
    },

    /** Ends those of one such device; of none that a node has taken meanwhile. At most 500 at once; call again while it gives rows. */
    expireUnkept({ account_id, device_id, wanted }: Unkept, now: number): Promise<MessageRow[]> {
      return inTransaction(db, async (tx) => {
        // Whoever takes the device waits until these have ended.
        const { rows } = await sql<{ expires_at: number; now: number }>`
          select expires_at, ${dialect.now()} as now from device_lease
          where device_id = ${device_id} ${dialect.forUpdate}`.execute(tx);
        if (rows.some((lease) => lease.expires_at > lease.now)) return [];
        const late = isLate(now, sql.lit(wanted));
        const some = sql<boolean>`${late} and id in (
          select id from message where device_id = ${device_id} and ${late} limit ${ENDED_AT_ONCE})`;
        const ended = await endMessages(tx, { account_id, device_id }, endings.expired, now, some);
        return ended.map((row) => openMessage(context, row));
      });
    },
  };
}
