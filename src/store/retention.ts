import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import { inSteps } from '../base/steps.ts';
import type { Context } from './context.ts';
import { receivedFileOf } from './inbox.ts';
import { devicesIn } from './people/walking.ts';
import type { PersonFile } from './people.ts';
import { about, openJson } from './seals.ts';
import { inTransaction } from './transactions.ts';

export type Retention = ReturnType<typeof createRetention>;

/** Rows of one call, so that a backlog is no single huge transaction. */
const AT_ONCE = 500;

/** How long an account keeps what was written. */
export function createRetention({ db, vault }: Pick<Context, 'db' | 'vault'>) {
  /** Some of the oldest, with their deliveries; gives how many. By the account they would be looked for among everybody's. */
  async function deleteEvents(device_id: number, before: number, limit: number): Promise<number> {
    const { numDeletedRows } = await db
      .deleteFrom('event')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('event')
          .select('id')
          .where('device_id', '=', device_id)
          .where('created_at', '<', before)
          .orderBy('created_at')
          .limit(limit),
      )
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }

  return {
    async set(account_id: number, days: number | null): Promise<void> {
      await db.updateTable('account').set({ retention_days: days }).where('id', '=', account_id).execute();
    },

    /** Null: for ever. */
    async of(account_id: number): Promise<number | null> {
      const row = await db
        .selectFrom('account')
        .select('retention_days')
        .where('id', '=', account_id)
        .executeTakeFirstOrThrow();
      return row.retention_days;
    },

    /** The accounts that keep nothing for ever. */
    async limited(): Promise<{ readonly id: number; readonly retention_days: number }[]> {
      const rows = await db
        .selectFrom('account')
        .select(['id', 'retention_days'])
        .where('retention_days', 'is not', null)
        .execute();
      return rows.flatMap(({ id, retention_days }) => (retention_days === null ? [] : [{ id, retention_days }]));
    },

    /**
     * Removes what is older than `before` (Unix ms): messages that have come to their end, what was received, and what tells of both. A
     * message that still waits stays. Gives how many rows went; `forget` removes a file before its row goes.
     */
    async prune(account_id: number, before: number, forget: (file: PersonFile) => Promise<void>): Promise<number> {
      let gone = 0;
      // By device, the oldest first: the indexes that know how old a row is begin so, and the account is asked of the device.
      const devices = await devicesIn(db, account_id);
      for (const device_id of devices)
        for (;;) {
          const messages = await db
            .selectFrom('message')
            .selectAll()
            .where('device_id', '=', device_id)
            .where('created_at', '<', before)
            .where('state', 'not in', ['queued', 'sending'])
            .orderBy('id')
            .limit(AT_ONCE)
            .execute();
          for (const row of messages) {
            const where = about.body(row, row.whatsapp_id);
            const path = openJson<{ upload?: { path?: string } | null }>(vault, row.sealed_body, where).upload?.path;
            if (path !== undefined) await forget({ upload: path });
          }
          const received = await db
            .selectFrom('inbox')
            .select(['id', 'device_id', 'has_media', 'media_key'])
            .where('device_id', '=', device_id)
            .where('created_at', '<', before)
            .orderBy('id')
            .limit(AT_ONCE)
            .execute();
          for (const row of received) {
            // Also when the row does not name it: a process that was killed may have kept the file, and not said so yet.
            const file = row.media_key ?? (row.has_media === 1 ? receivedFileOf(row) : null);
            if (file !== null) await forget({ received: file });
          }
          // SQLite answers at once: without this, nothing else would run until a backlog's end.
          await setImmediate();
          if (messages.length + received.length === 0) break;
          const last = await inTransaction(db, async (tx) => {
            const ids = [0, ...messages.map(({ id }) => id)];
            await tx.deleteFrom('idempotency').where('message_id', 'in', ids).execute();
            await tx.deleteFrom('message').where('id', 'in', ids).execute();
            return tx
              .deleteFrom('inbox')
              .where('id', 'in', [0, ...received.map(({ id }) => id)])
              .returning(['id', 'media_key'])
              .execute();
          });
          // Files that came between the one and the other.
          const without = new Set(received.filter(({ media_key }) => media_key === null).map(({ id }) => id));
          for (const { id, media_key } of last)
            if (media_key !== null && without.has(id)) await forget({ received: media_key });
          gone += messages.length + received.length;
        }
      for (const device_id of devices) await inSteps(AT_ONCE, (limit) => deleteEvents(device_id, before, limit));
      // Whoever asked for no more messages is remembered; of others, who was written to is forgotten with the last message.
      await sql`
        delete from conversation where opened_at < ${before} and opted_out_at is null
          and device_id in (select id from device where account_id = ${account_id})
          and not exists (select 1 from message where message.device_id = conversation.device_id and message.recipient = conversation.peer)
          and not exists (select 1 from inbox where inbox.device_id = conversation.device_id and inbox.peer = conversation.peer)`.execute(
        db,
      );
      return gone;
    },
  };
}
