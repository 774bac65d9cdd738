import { type Expression, type Selectable, type SqlBool, sql, type Transaction } from 'kysely';
import { sentence } from '../base/errors.ts';
import type { MessageTable, Tables } from './schema.ts';

interface Device {
  readonly account_id: number;
  readonly device_id: number;
}

export interface Ending {
  readonly state: 'failed' | 'expired' | 'cancelled';
  readonly error_code: string;
  readonly error_message: string;
}

export const endings = {
  expired: { state: 'expired', error_code: 'message_expired', error_message: sentence('message_expired') },
  cancelled: { state: 'cancelled', error_code: 'message_cancelled', error_message: sentence('message_cancelled') },
} as const satisfies Record<string, Ending>;

/** Rows ended by one call, so that a backlog is no single huge transaction. */
export const ENDED_AT_ONCE = 500;

/**
 * Ends those of a device's messages that `which` selects. What never reached WhatsApp (no attempt was made) gives its quota back
 * in the same transaction, and only once: a row that still counts has a subscription (a check of the table), and ends once.
 */
export async function endMessages(
  tx: Transaction<Tables>,
  { account_id, device_id }: Device,
  ending: Ending,
  now: number,
  which: Expression<SqlBool>,
): Promise<Selectable<MessageTable>[]> {
  const ended = await tx
    .updateTable('message')
    .set({
      ...ending,
      waiting_for: null,
      waiting_reason: null,
      failed_at: now,
      counted: sql`case when attempts = 0 then 0 else counted end`,
    })
    .where('account_id', '=', account_id)
    .where('device_id', '=', device_id)
    .where(which)
    .returningAll()
    .execute();
  const unspent = ended.filter(({ attempts }) => attempts === 0);
  for (const [id, { length }] of Map.groupBy(unspent, ({ subscription_id }) => subscription_id))
    if (id !== null)
      await tx
        .updateTable('subscription')
        .set((eb) => ({ used: eb('used', '-', length) }))
        .where('account_id', '=', account_id)
        .where('id', '=', id)
        .execute();
  return ended;
}

/** Everything that waits on a device. */
export async function cancelQueued(tx: Transaction<Tables>, device: Device, now: number): Promise<void> {
  const some = sql<boolean>`id in (select id from message
    where device_id = ${device.device_id} and state = 'queued' limit ${ENDED_AT_ONCE})`;
  while ((await endMessages(tx, device, endings.cancelled, now, some)).length > 0);
}
