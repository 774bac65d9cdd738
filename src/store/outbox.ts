import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { Context } from './context.ts';
import { assertOwner, fenced, isOwner, type Owner, ownerOf } from './fence.ts';
import { type MessageRow, notByAccount, openMessage } from './message.ts';
import type { MessageState, MessageTable, MessageType, WaitingFor } from './schema.ts';
import { about } from './seals.ts';
import { statement } from './statement.ts';
import { inTransaction } from './transactions.ts';

export interface Frozen {
  /** The protobuf as it will be sent. Ignored when bytes were frozen before: those stay. */
  readonly proto: Uint8Array;
  readonly type: MessageType;
  readonly chat: string;
  readonly now: number;
}

/** Which of the rows that wait for pacing: those of one of its limits, or of one recipient; with neither, all. */
export interface Paced {
  readonly reason?: string;
  readonly recipient?: string;
  /** The first one that waits for this limit, and the others of its recipient: they may go when it has gone. */
  readonly nextOf?: string;
}

/**
 * First in, first out for each recipient: a queued row waits while an earlier one (smaller id, same or higher priority) is
 * unfinished, unless that one waits for its schedule or is past its lifetime. The recipient, not the chat: it never changes, while
 * the chat may be corrected by WhatsApp's answer to a look-up.
 */
const isHeld = (now: number): RawBuilder<boolean> => sql<boolean>`exists (
  select 1 from message as earlier
  where earlier.device_id = message.device_id and earlier.recipient = message.recipient
    and earlier.id < message.id and earlier.priority >= message.priority
    and earlier.state in ('queued', 'sending')
    and (earlier.state = 'sending' or (earlier.expires_at > ${now}
      and not (earlier.due_at > ${now} and earlier.due_at > earlier.created_at
        and coalesce(earlier.waiting_for, 'schedule') = 'schedule'))))`;

const take = statement<
  Owner & Pick<Frozen, 'type' | 'chat' | 'now'> & { readonly id: number },
  Selectable<MessageTable>
>(({ db, dialect, value }) =>
  db
    .updateTable('message')
    .set((eb) => ({
      state: 'sending',
      type: value('type'),
      chat: value('chat'),
      waiting_for: null,
      waiting_reason: null,
      sending_at: value('now'),
      attempts: eb('attempts', '+', 1),
    }))
    .where('id', '=', value('id'))
    .where('account_id', '=', value('account_id'))
    .where('device_id', '=', value('device_id'))
    .where((eb) =>
      eb.or([
        eb('state', '=', 'sending'),
        eb('state', '=', 'queued')
          .and('expires_at', '>', value('now'))
          .and(eb.not(isHeld(value('now')))),
      ]),
    )
    .where(isOwner({ dialect }, ownerOf(value)))
    .returningAll()
    .compile(),
);

interface Bytes {
  readonly id: number;
  readonly device_id: number;
  readonly whatsapp_id: string;
  readonly sealed_proto: Uint8Array;
  readonly now: number;
}

const freeze = statement<Bytes, unknown>(({ db, value }) =>
  db
    .insertInto('message_proto')
    .values({
      message_id: value('id'),
      device_id: value('device_id'),
      whatsapp_id: value('whatsapp_id'),
      sealed_proto: value('sealed_proto'),
      created_at: value('now'),
    })
    .onConflict((conflict) => conflict.column('message_id').doNothing())
    .compile(),
);

/** The owner's queue; what became of its rows is in `outcomes.ts`. Writes throw StaleOwner once the lease has another epoch; a stale claim is empty. */
export function createOutbox(context: Context) {
  const { db, vault } = context;
  const open = (rows: readonly Parameters<typeof openMessage>[1][]) => rows.map((row) => openMessage(context, row));

  const ofOwner = ({ account_id, device_id }: Owner, state: MessageState) =>
    db
      .selectFrom('message')
      .where('device_id', '=', device_id)
      // The tenant is asked of the device, once, so that what only counts reads nothing but the index.
      .where((eb) =>
        eb.exists(
          eb.selectFrom('device').select('id').where('id', '=', device_id).where('account_id', '=', account_id),
        ),
      )
      // Literal, because SQLite uses no index that could depend on a parameter's value.
      .where('state', '=', sql.lit(state));

  const change = (owner: Owner, id: number) =>
    db
      .updateTable('message')
      .where('id', '=', id)
      .where('account_id', '=', owner.account_id)
      .where('device_id', '=', owner.device_id)
      .where(isOwner(context, owner))
      .returningAll();

  /** The one row that a fenced write gave. */
  const one = async (owner: Owner, query: ReturnType<typeof change>): Promise<MessageRow | undefined> => {
    const [row] = await fenced(context, owner, await query.execute());
    return row && openMessage(context, row);
  };

  return {
    /**
     * Rows that may go now, the highest priority first, then the oldest: at most one for each recipient, since the next waits for
     * it. Changes nothing: `markSending` is what takes a row.
     */
    async claim(owner: Owner, now: number, limit: number): Promise<MessageRow[]> {
      const rows = await ofOwner(owner, 'queued')
        .selectAll()
        // What has no schedule is due whatever the clock says: it may have been set back since (test/weather).
        .where((eb) => eb.or([eb('due_at', '<=', now), eb('due_at', '<=', eb.ref('created_at'))]))
        .where('expires_at', '>', now)
        .where((eb) => eb.not(isHeld(now)))
        .where(isOwner({ dialect: { ...context.dialect, forShare: sql`` } }, owner))
        .orderBy('priority', 'desc')
        .orderBy('id')
        .limit(limit)
        .execute();
      return open(rows);
    },

    /** What went out since then, the oldest first, at most the newest `limit`: what the pacing counts. Unix ms. */
    async sentSince(owner: Owner, since: number, limit: number): Promise<{ recipient: string; at: number }[]> {
      const rows = await db
        .selectFrom('message')
        .select(['recipient', 'sending_at as at'])
        .where('device_id', '=', owner.device_id)
        .where('sending_at', '>=', since)
        .where('sending_at', 'is not', null)
        .orderBy('sending_at', 'desc')
        .limit(limit)
        .execute();
      return rows.reverse().map(({ recipient, at }) => ({ recipient, at: at ?? since }));
    },

    async countWaiting(owner: Owner): Promise<number> {
      const { count } = await ofOwner(owner, 'queued')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return count;
    },

    /** Unix ms of the earliest row that is due later than now. */
    async nextDue(owner: Owner, now: number): Promise<number | undefined> {
      const { due } = await ofOwner(owner, 'queued')
        .select((eb) => eb.fn.min('due_at').as('due'))
        .where('due_at', '>', now)
        .executeTakeFirstOrThrow();
      return due ?? undefined;
    },

    /** Rows whose outcome is unknown (`sending`), the oldest first: after a crash or a lost connection. */
    async unknown(owner: Owner): Promise<MessageRow[]> {
      // The few are sorted: SQLite would take the order from `message_history`, and look at every message of the device for it.
      return open(await ofOwner(owner, 'sending').selectAll().orderBy(sql`+id`).execute());
    },

    /** Says why a queued row waits and, with `due_at`, until when. Undefined when it is not queued any more. */
    markWaiting: (
      owner: Owner,
      id: number,
      waiting_for: WaitingFor | null,
      due_at?: number,
      waiting_reason: string | null = null,
    ) =>
      one(
        owner,
        change(owner, id)
          .set({ waiting_for, waiting_reason, ...(due_at !== undefined && { due_at }) })
          .where('state', '=', 'queued'),
      ),

    /**
     * What waits for pacing is due now, and is judged anew. Its schedule has passed, or pacing would not have been asked; rows that wait
     * for theirs, or for a retry, are left alone. Gives how many.
     */
    async makeDue(owner: Owner, { reason, recipient, nextOf }: Paced, now: number): Promise<number> {
      let changing = db
        .updateTable('message')
        .set({ due_at: now })
        .where('device_id', '=', owner.device_id)
        .where(notByAccount, '=', owner.account_id)
        .where('state', '=', sql.lit('queued'))
        .where('waiting_for', '=', 'pacing')
        .where('due_at', '>', now)
        .where(isOwner(context, owner))
        .returning('id');
      if (reason !== undefined) changing = changing.where('waiting_reason', '=', reason);
      if (recipient !== undefined) changing = changing.where('recipient', '=', recipient);
      if (nextOf !== undefined) {
        const next = ofOwner(owner, 'queued')
          .select('recipient')
          .where('waiting_for', '=', 'pacing')
          .where('waiting_reason', '=', nextOf)
          .where('due_at', '>', now)
          .where('expires_at', '>', now)
          .orderBy('priority', 'desc')
          .orderBy('id')
          .limit(1);
        changing = changing.where('recipient', '=', next);
      }
      return (await fenced(context, owner, await changing.execute())).length;
    },

    /**
     * Freezes the bytes and takes the row: `sending`, one attempt more. Durable with the next durable write, which comes before the
     * stanza is on the wire: the step of the ratchet. For a
     * queued row that nothing holds, or one that is `sending` already and goes out again. Undefined when it may not go: cancelled,
     * ended, past its lifetime, or another of its recipient is on its way.
     */
    async markSending(owner: Owner, id: number, { proto, type, chat, now }: Frozen): Promise<MessageRow | undefined> {
      const row = await inTransaction(db, async (tx) => {
        const inside = { ...context, db: tx };
        const [stored] = (await take(inside, { ...owner, id, type, chat, now })).rows;
        if (!stored) {
          await assertOwner(inside, owner);
          return undefined;
        }
        const { whatsapp_id } = stored;
        const sealed_proto = vault.seal(proto, about.proto(owner, whatsapp_id));
        await freeze(inside, { id, device_id: owner.device_id, whatsapp_id, sealed_proto, now });
        return openMessage(context, stored);
      });
      return row;
    },

    /** One attempt more for a row whose outcome is unknown; its bytes are frozen. Undefined when it has an outcome. */
    markResending: (owner: Owner, id: number, now: number) =>
      one(
        owner,
        change(owner, id)
          .set((eb) => ({ sending_at: now, attempts: eb('attempts', '+', 1) }))
          .where('state', '=', 'sending'),
      ),

    /** Back into the queue until `due_at`; its id, its bytes and its place in the order stay. */
    requeue: (
      owner: Owner,
      id: number,
      due_at: number,
      waiting_for: WaitingFor,
      waiting_reason: string | null = null,
    ) =>
      one(
        owner,
        change(owner, id)
          .set({ state: 'queued', due_at, waiting_for, waiting_reason })
          .where('state', 'in', ['queued', 'sending']),
      ),
  };
}
