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

/** One request's hold on a key: with the instant of its begin, so that one that was given up for dead touches nobody else's. */
export interface Claim {
  readonly device_id: number;
  readonly key: string;
  readonly since: number;
}

export interface KeptAnswer {
  readonly status: number;
  readonly answer: string;
}

const LIFETIME_MS = 24 * 3_600_000;

export type Idempotency = ReturnType<typeof createIdempotency>;

/** First answers by Idempotency-Key, for 24 hours. */
export function createIdempotency({ db, vault }: Pick<Context, 'db' | 'vault'>) {
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

    /**
     * In the transaction that accepts the message: a process that dies before `finish` leaves a trace to answer from. False: the key
     * has its message or its answer already, is another request's or is gone, and this one must not be accepted.
     */
    async attach(
      device_id: number,
      { key, hash }: { readonly key: string; readonly hash: Uint8Array },
      message_id: number,
    ): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('idempotency')
        .where('device_id', '=', device_id)
        .where('key', '=', key)
        .where('request_hash', '=', hash)
        .where('message_id', 'is', null)
        .where('status', 'is', null)
        .set({ message_id })
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    /** Keeps the first answer of a claim, and gives the one that is kept: another's, where two nodes answered for one message. */
    async finish({ device_id, key, since }: Claim, given: KeptAnswer): Promise<KeptAnswer> {
      const sealed_answer = vault.seal(Buffer.from(given.answer), about.replay(device_id, key));
      const { numUpdatedRows } = await db
        .updateTable('idempotency')
        .where('device_id', '=', device_id)
        .where('key', '=', key)
        .where('created_at', '=', since)
        .where('status', 'is', null)
        .set({ status: given.status, sealed_answer })
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 1n) return given;
      const kept = await db
        .selectFrom('idempotency')
        .select(['status', 'sealed_answer'])
        .where('device_id', '=', device_id)
        .where('key', '=', key)
        .where('created_at', '=', since)
        .executeTakeFirst();
      if (kept === undefined || kept.status === null || kept.sealed_answer === null) return given;
      return { status: kept.status, answer: vault.open(kept.sealed_answer, about.replay(device_id, key)).toString() };
    },

    /** Frees a key whose request was refused before anything was accepted; a key that has its message stays. */
    async forget({ device_id, key, since }: Claim): Promise<void> {
      await db
        .deleteFrom('idempotency')
        .where('device_id', '=', device_id)
        .where('key', '=', key)
        .where('created_at', '=', since)
        .where('message_id', 'is', null)
        .execute();
    },

    /** Deletes what began before, at most `limit`, the oldest first; gives how many. Of all tenants. */
    async prune(before: number, limit: number): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('idempotency')
        .where((eb) =>
          eb(
            eb.refTuple('device_id', 'key'),
            'in',
            eb
              .selectFrom('idempotency')
              .select(['device_id', 'key'])
              .where('created_at', '<', before)
              .orderBy('created_at')
              .limit(limit)
              .$asTuple('device_id', 'key'),
          ),
        )
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}
