import { sql } from 'kysely';
import type { Context } from './context.ts';
import { about } from './seals.ts';

export type Begun =
  | { readonly is: 'new' }
  /** `message_id`: what the first request accepted, if it came that far; `since`: when it began, Unix ms. */
  | { readonly is: 'running'; readonly message_id: number | null; readonly since: number }
  /** The key was used for another body. */
  | { readonly is: 'mismatch' }
  | { readonly is: 'done'; readonly status: number; readonly answer: string; readonly message_id: number | null };

const LIFETIME_MS = 24 * 3_600_000;

export type Idempotency = ReturnType<typeof createIdempotency>;

/** First answers by Idempotency-Key, for 24 hours. */
export function createIdempotency({ db, vault }: Pick<Context, 'db' | 'vault'>) {
  const row = (device_id: number, key: string) =>
    db.updateTable('idempotency').where('device_id', '=', device_id).where('key', '=', key);
  return {
    /** Of many that begin with one key at once, exactly one is `new`. A key older than 24 hours is new again. */
    async begin(device_id: number, key: string, request_hash: Uint8Array, now: number): Promise<Begun> {
      // Between the two statements the row can be forgotten; then the key is free and the next round takes it.
      for (;;) {
        const { rows } = await sql`
          insert into idempotency (device_id, key, request_hash, created_at)
          values (${device_id}, ${key}, ${request_hash}, ${now})
          on conflict (device_id, key) do update
            set request_hash = excluded.request_hash, created_at = excluded.created_at,
              message_id = null, status = null, sealed_answer = null
            where idempotency.created_at <= ${now - LIFETIME_MS}
          returning 1 as one`.execute(db);
        if (rows.length === 1) return { is: 'new' };
        const known = await db
          .selectFrom('idempotency')
          .selectAll()
          .where('device_id', '=', device_id)
          .where('key', '=', key)
          .executeTakeFirst();
        if (!known) continue;
        const { status, sealed_answer, message_id } = known;
        if (!Buffer.from(known.request_hash).equals(request_hash)) return { is: 'mismatch' };
        if (status === null || sealed_answer === null) return { is: 'running', message_id, since: known.created_at };
        const answer = vault.open(sealed_answer, about.replay(device_id, key)).toString();
        return { is: 'done', status, answer, message_id };
      }
    },

    /** In the transaction that accepts the message: a process that dies before `finish` leaves a trace to answer from. */
    async attach(device_id: number, key: string, message_id: number): Promise<void> {
      await row(device_id, key).set({ message_id }).execute();
    },

    /** The first answer. Null keeps the message that `attach` named. */
    async finish(
      device_id: number,
      key: string,
      status: number,
      answer: string,
      message_id: number | null,
    ): Promise<void> {
      await row(device_id, key)
        .set({
          status,
          sealed_answer: vault.seal(Buffer.from(answer), about.replay(device_id, key)),
          ...(message_id !== null && { message_id }),
        })
        .execute();
    },

    /** Frees a key whose request was refused before anything was accepted; a key that has its message stays. */
    async forget(device_id: number, key: string): Promise<void> {
      await db
        .deleteFrom('idempotency')
        .where('device_id', '=', device_id)
        .where('key', '=', key)
        .where('message_id', 'is', null)
        .execute();
    },

    /** Deletes what began before; gives how many. Of all tenants. */
    async prune(before: number): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('idempotency')
        .where('created_at', '<', before)
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}
