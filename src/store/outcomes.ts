import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { Context } from './context.ts';
import { ENDED_AT_ONCE, type Ending, endings, endMessages } from './ending.ts';
import { assertOwner, fenced, isOwner, type Owner, ownerOf, StaleOwner } from './fence.ts';
import { UNSETTLED_MS } from './lifetimes.ts';
import { type MessageRow, openMessage, statuses } from './message.ts';
import type { MessageState, MessageTable } from './schema.ts';
import { type Parts, statement } from './statement.ts';
import { inTransaction } from './transactions.ts';

/** How far a receipt says that a message came. */
export type ReceiptStep = 'sent' | 'delivered' | 'read';

/** What became of the rows that the owner of a device sent. Each call throws StaleOwner once the lease has another epoch. */
export function createOutcomes(context: Context) {
  const { db } = context;

  /** The one row that a fenced write gave. */
  const one = async (
    owner: Owner,
    written: Promise<{ readonly rows: readonly Selectable<MessageTable>[] }>,
  ): Promise<MessageRow | undefined> => {
    const [row] = await fenced(context, owner, (await written).rows);
    return row && openMessage(context, row);
  };

  const endOnes = (owner: Owner, ending: Ending, now: number, which: RawBuilder<boolean>) =>
    inTransaction(db, async (tx) => {
      await assertOwner({ ...context, db: tx }, owner);
      const rows = await endMessages(tx, owner, ending, now, which);
      return rows.map((row) => openMessage(context, row));
    });

  const unsettled = (id: number) => sql<boolean>`id = ${id} and state in ('queued', 'sending')`;

  return {
    /**
     * WhatsApp acknowledged it. `server_time`: Unix seconds. A queued row counts when it was tried before: the acknowledgement of that
     * attempt came late. A row that a receipt had lifted already only learns the time. Undefined when nothing changed.
     */
    markSent: (owner: Owner, whatsapp_id: string, server_time: number | null, now: number) =>
      one(
        owner,
        (server_time === null ? markSentBare : markSent)(context, { ...owner, whatsapp_id, server_time, now }),
      ),

    /**
     * A receipt lifts the state (sending → sent → delivered → read, and out of `failed` and `expired`) and never lowers it; `read` implies
     * `delivered`, and each implies `sent`. `at`: Unix ms. Undefined when it changed nothing.
     */
    applyReceipt: (owner: Owner, whatsapp_id: string, step: ReceiptStep, at: number) =>
      one(owner, lift[step](context, { ...owner, whatsapp_id, at })),

    /**
     * A definite failure of a queued or sending row; a failure before any attempt gives its quota back, since nothing reached
     * WhatsApp. Undefined when it is past that.
     */
    async markFailed(
      owner: Owner,
      id: number,
      error_code: string,
      error_message: string,
      now: number,
    ): Promise<MessageRow | undefined> {
      return (await endOnes(owner, { state: 'failed', error_code, error_message }, now, unsettled(id)))[0];
    },

    /**
     * Ends queued rows past their lifetime, and unknown ones for which the device has not come back for long: else whoever takes them up
     * ends those (`markExpired`), when the receipts that waited are through. Quota comes back for those that were never tried. At most 500
     * at once; call again while it gives rows.
     */
    expire: (owner: Owner, now: number): Promise<MessageRow[]> =>
      endOnes(
        owner,
        endings.expired,
        now,
        sql<boolean>`id in (
          select id from message where device_id = ${owner.device_id} and state = 'queued' and expires_at <= ${now}
          union all
          select id from message
          where device_id = ${owner.device_id} and state = 'sending' and expires_at <= ${now - UNSETTLED_MS}
          limit ${ENDED_AT_ONCE})`,
      ),

    /** Whether `expire` may find anything: one look, for every device asks four times a minute and there is nearly never any. */
    async isAnyLate(owner: Owner, now: number): Promise<boolean> {
      const [found] = (await looking(context, { ...owner, now, unsettled: now - UNSETTLED_MS })).rows;
      if (!found?.owned) throw new StaleOwner(owner);
      return Boolean(found.late);
    },

    /** Ends one row, queued or unknown, as expired, whatever its clock says: the owner knows that it goes out no more. */
    async markExpired(owner: Owner, id: number, now: number): Promise<MessageRow | undefined> {
      return (await endOnes(owner, endings.expired, now, unsettled(id)))[0];
    },
  };
}

const unacknowledged = ['queued', 'sending'] as const satisfies MessageState[];

/** What each step of a receipt lifts, where an attempt was made. `cancelled` is final. */
const below: Record<ReceiptStep, readonly MessageState[]> = {
  sent: ['queued', 'sending', 'failed', 'expired'],
  delivered: ['queued', 'sending', 'failed', 'expired', 'sent'],
  read: ['queued', 'sending', 'failed', 'expired', 'sent', 'delivered'],
};

interface Tried extends Owner {
  readonly whatsapp_id: string;
}

/** The owner's row of a WhatsApp id, if it was tried. */
const tried = ({ db, dialect, value }: Parts<Tried>) =>
  db
    .updateTable('message')
    .where('device_id', '=', value('device_id'))
    .where('account_id', '=', value('account_id'))
    .where('whatsapp_id', '=', value('whatsapp_id'))
    .where('attempts', '>', 0)
    .where(isOwner({ dialect }, ownerOf(value)))
    .returningAll();

interface Acknowledged extends Tried {
  readonly server_time: number | null;
  readonly now: number;
}

const acknowledging = (from: readonly MessageState[]) =>
  statement<Acknowledged, Selectable<MessageTable>>((parts) =>
    tried(parts)
      .set({
        state: sql`case when state in ('queued', 'sending') then 'sent' else state end`,
        waiting_for: null,
        sent_at: sql`coalesce(sent_at, ${parts.value('now')})`,
        server_time: parts.value('server_time'),
      })
      .where('state', 'in', from)
      .where('server_time', 'is', null)
      .compile(),
  );

const markSent = acknowledging([...unacknowledged, ...statuses.sent]);
/** Without a time of WhatsApp's own there is nothing to learn of a row that a receipt has lifted. */
const markSentBare = acknowledging(unacknowledged);

const lifting = (step: ReceiptStep) =>
  statement<Tried & { readonly at: number }, Selectable<MessageTable>>((parts) =>
    tried(parts)
      .set({
        state: step,
        waiting_for: null,
        failed_at: null,
        error_code: null,
        error_message: null,
        sent_at: sql`coalesce(sent_at, ${parts.value('at')})`,
        ...(step !== 'sent' && { delivered_at: sql`coalesce(delivered_at, ${parts.value('at')})` }),
        ...(step === 'read' && { read_at: parts.value('at') }),
      })
      .where('state', 'in', below[step])
      .compile(),
  );

const lift = { sent: lifting('sent'), delivered: lifting('delivered'), read: lifting('read') };

/** Whether the lease is still the owner's, and whether anything may be past its lifetime. */
const looking = statement<
  Owner & { readonly now: number; readonly unsettled: number },
  { readonly owned: unknown; readonly late: unknown }
>(({ db, value }) =>
  sql<{ owned: unknown; late: unknown }>`select
      exists (select 1 from device_lease where device_id = ${value('device_id')} and epoch = ${value('epoch')}) as owned,
      exists (select 1 from message where device_id = ${value('device_id')} and (
        state = 'queued' and expires_at <= ${value('now')}
        or state = 'sending' and expires_at <= ${value('unsettled')})) as late`.compile(db),
);
