import type { ExpressionBuilder, Selectable } from 'kysely';
import type { Context } from './context.ts';
import { assertOwner, type Owner } from './fence.ts';
import type { DecryptJournalTable, Tables } from './schema.ts';
import { about, openJson } from './seals.ts';
import { inTransaction } from './transactions.ts';

/** The attributes of an incoming stanza, as `whatsapp/memory.ts` has them. */
export interface Envelope {
  readonly whatsappId: string;
  readonly from: string;
  readonly participant?: string;
  readonly senderAlt?: string;
  readonly recipient?: string;
  readonly recipientAlt?: string;
  readonly pushName?: string;
  readonly timestamp: number;
  readonly offline: boolean;
}

/** One decrypted message, written in the transaction that advanced the session (`writeKeys`). */
export interface JournalEntry {
  /** SHA-256, 32 bytes. */
  readonly hash: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly envelope?: Envelope;
}

export interface JournalRow {
  readonly id: number;
  readonly device_id: number;
  readonly hash: Uint8Array;
  readonly plaintext: Buffer;
  /** Null when the stanza was not seen: it can not be surfaced, only answer for a ciphertext that comes again. */
  readonly envelope: Envelope | null;
  readonly created_at: number;
}

export type Journal = ReturnType<typeof createJournal>;

/** What was received and decrypted, until it is surfaced and older than WhatsApp would send it again. */
export function createJournal(context: Context) {
  const { db, vault, clock } = context;
  /** Its stanza was seen, so it can be surfaced. */
  const isSeen = (eb: ExpressionBuilder<Tables, 'decrypt_journal'>) =>
    eb.or([eb('sealed_envelope', 'is not', null), eb('envelope', 'is not', null)]);
  const isNone = (eb: ExpressionBuilder<Tables, 'decrypt_journal'>, ids: readonly number[]) =>
    ids.length === 0 ? eb.lit(true) : eb('id', 'not in', ids);
  const opened = (
    owner: Owner,
    row: Pick<Selectable<DecryptJournalTable>, 'hash' | 'sealed_envelope' | 'envelope'>,
  ) => {
    if (row.sealed_envelope !== null)
      return openJson<Envelope>(vault, row.sealed_envelope, about.envelope(owner, row.hash));
    return row.envelope === null ? null : (JSON.parse(row.envelope) as Envelope);
  };
  return {
    /**
     * Received until `before` (Unix ms), but not told to anybody yet: in the order of arrival. Entries without an envelope are left out, and
     * those of `without`.
     */
    async unsurfaced(
      owner: Owner,
      limit = 100,
      before = Number.MAX_SAFE_INTEGER,
      without: readonly number[] = [],
    ): Promise<JournalRow[]> {
      const rows = await db
        .selectFrom('decrypt_journal')
        .selectAll()
        .where('device_id', '=', owner.device_id)
        .where('surfaced_at', 'is', null)
        .where(isSeen)
        .where('created_at', '<=', before)
        .where((eb) => isNone(eb, without))
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(({ sealed_plaintext, sealed_envelope, envelope, surfaced_at: _, ...row }) => ({
        ...row,
        envelope: opened(owner, { ...row, sealed_envelope, envelope }),
        plaintext: vault.open(sealed_plaintext, about.journal(owner, row.hash)),
      }));
    },

    /** What `unsurfaced` would give, without the texts: to find the entries of messages that are known. */
    async waiting(
      owner: Owner,
      without: readonly number[] = [],
      limit = 500,
    ): Promise<{ readonly id: number; readonly envelope: Envelope }[]> {
      const rows = await db
        .selectFrom('decrypt_journal')
        .select(['id', 'hash', 'sealed_envelope', 'envelope'])
        .where('device_id', '=', owner.device_id)
        .where('surfaced_at', 'is', null)
        .where(isSeen)
        .where((eb) => isNone(eb, without))
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.flatMap((row) => {
        const envelope = opened(owner, row);
        return envelope === null ? [] : [{ id: row.id, envelope }];
      });
    },

    /** Gives those that were there and not surfaced: the others were erased, or told before. Throws StaleOwner. */
    async markSurfaced(owner: Owner, ids: readonly number[]): Promise<ReadonlySet<number>> {
      if (ids.length === 0) return new Set();
      return inTransaction(db, async (tx) => {
        await assertOwner({ ...context, db: tx }, owner);
        const marked = await tx
          .updateTable('decrypt_journal')
          .set({ surfaced_at: clock.now() })
          .where('device_id', '=', owner.device_id)
          .where('id', 'in', ids)
          .where('surfaced_at', 'is', null)
          .returning('id')
          .execute();
        return new Set(marked.map(({ id }) => id));
      });
    },

    /** Deletes what is older than `before` and surfaced, or never can be, at most `limit`, the oldest first; gives how many. Of all tenants. */
    async prune(before: number, limit: number): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('decrypt_journal')
        .where('id', 'in', (old) =>
          old
            .selectFrom('decrypt_journal')
            .select('id')
            .where('created_at', '<', before)
            .where((eb) => eb.or([eb('surfaced_at', 'is not', null), eb.not(isSeen(eb))]))
            .orderBy('created_at')
            .limit(limit),
        )
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}
