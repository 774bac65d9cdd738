import type { Clock } from '../../base/clock.ts';
import { asError, isFailure } from '../../base/errors.ts';
import type { EventBus } from '../../base/events.ts';
import type { Log } from '../../base/log.ts';
import { type InboxRow, type Owner, StaleOwner, type Store, type StoreTx } from '../../store/index.ts';
import {
  bare,
  idOf,
  incomingFromJournal,
  isBroadcastList,
  jidOfPhone,
  type MessageEnvelope,
} from '../../whatsapp/index.ts';
import type { Incoming } from '../../whatsapp/link.ts';
import type { Happenings } from '../happenings.ts';
import { isBetweenTwo, peersOf, received, rowOf, type Self, wish } from './rows.ts';
import { opened } from './sealed.ts';

/**
 * From the decrypt journal into the inbox. A message is in the journal before WhatsApp is told that it came; its row, its events with
 * their deliveries, and the mark that it was surfaced are one transaction. So whatever was receipted is told, once: what a kill left
 * in the journal is taken up at the next start, and the row's unique key makes the live message and the journal's entry one.
 *
 * What the database refuses is set aside, so that it hinders nobody else: it stays in the journal, and is tried again each hour and at the
 * next start, when a newer version may know better.
 */
export interface Surfacing {
  /** Takes up what the journal still holds, then goes on with what is heard. */
  start(): void;
  hear(message: Incoming): void;
  /** Resolves when everything that was heard is stored, or the store refuses. */
  stop(): Promise<void>;
}

export interface SurfacingNeeds {
  readonly owner: Owner;
  readonly store: Pick<Store, 'journal' | 'transaction' | 'durable'>;
  readonly happenings: Happenings;
  readonly events: Pick<EventBus, 'emit'>;
  /** Of the account as it is linked now. */
  readonly self: () => Self;
  /** A person wrote to us: number where it is known, and hidden id. */
  readonly heardFrom: (peers: readonly (string | null)[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

const BATCH = 100;
/** Beyond this, what comes live is left to the journal, which is looked through again. */
const MOST_HEARD = 5_000;
/** Entries that no live message came for, after this long: plumbing between phones mostly. */
const LEFT_BEHIND_MS = 30_000;
const RETRY_MS = 1_000;
const ASIDE_MS = 3_600_000;
/** More are marked as surfaced: every look at the journal names those that it shall leave out. */
const MOST_ASIDE = 500;

interface Found {
  /** Undefined: nothing that a person said. */
  readonly message: Incoming | undefined;
  /** Its entry in the journal, when it is known. */
  readonly journal: number | undefined;
}

export function createSurfacing(needs: SurfacingNeeds): Surfacing {
  const { owner, store, events, clock, log } = needs;
  let heard: Incoming[] = [];
  /** Entries of the journal that the database refused, and until when they are left alone. Monotonic ms. */
  const aside = new Map<number, number>();
  let running: Promise<void> | undefined;
  let ring: (() => void) | undefined;
  const stopping = new AbortController();

  const owns = (jid: string): boolean => {
    const { phone, lid } = needs.self();
    return (phone !== null && jid === jidOfPhone(phone)) || (lid !== null && jid === bare(lid));
  };

  async function run(): Promise<void> {
    let first = true;
    let lookAt = 0;
    while (!stopping.signal.aborted || heard.length > 0) {
      try {
        if (clock.monotonic() >= lookAt && !stopping.signal.aborted) {
          lookAt = clock.monotonic() + RETRY_MS;
          await takeUp(first ? 0 : LEFT_BEHIND_MS);
          first = false;
          lookAt = clock.monotonic() + LEFT_BEHIND_MS;
        }
        if (heard.length > 0) await surfaceHeard();
        else if (!stopping.signal.aborted) await idle(Math.max(1, lookAt - clock.monotonic()));
      } catch (error) {
        if (error instanceof StaleOwner || stopping.signal.aborted) {
          // The journal holds it for the next owner, or the next start.
          log.warn({ err: asError(error), count: heard.length }, 'incoming messages are left to the journal');
          return;
        }
        log.error({ err: asError(error) }, 'incoming messages could not be stored; they are tried again');
        if (heard.length === 0) continue;
        await idle(RETRY_MS);
      }
    }
  }

  async function idle(ms: number): Promise<void> {
    const nap = new AbortController();
    const rung = new Promise<void>((resolve) => {
      ring = resolve;
    });
    const slept = clock.sleep(ms, nap.signal).catch((error) => {
      if (!nap.signal.aborted) throw error;
    });
    await Promise.race([rung, slept]);
    ring = undefined;
    nap.abort();
  }

  /** What the journal holds since longer than `ms` and nobody was told of. */
  async function takeUp(ms: number): Promise<void> {
    for (const [id, until] of aside) if (until <= clock.monotonic()) aside.delete(id);
    for (;;) {
      const entries = await store.journal.unsurfaced(owner, BATCH, clock.now() - ms, [...aside.keys()]);
      if (entries.length === 0) return;
      const found = entries.map(({ id, plaintext, envelope }): Found => {
        const message = envelope === null ? undefined : incomingFromJournal({ plaintext, envelope }, owns);
        return { message, journal: id };
      });
      await surface(found);
      if (entries.length < BATCH) return;
    }
  }

  async function surfaceHeard(): Promise<void> {
    const some = heard.slice(0, BATCH);
    const waiting = await store.journal.waiting(owner, [...aside.keys()]);
    const byName = new Map(
      waiting.map(({ id, envelope }) => [nameOf(idOf(envelope.whatsappId), placeOf(envelope)), id]),
    );
    const found = some.map(
      (message): Found => ({
        message,
        // Word of a message that can be seen once has no entry: one of its name is of a copy that came after all.
        journal:
          message.kind === 'view_once'
            ? undefined
            : (byName.get(nameOf(message.whatsappId, message.chat)) ??
              byName.get(nameOf(message.whatsappId, message.sender))),
      }),
    );
    await surface(found);
    heard = heard.slice(some.length);
  }

  /** Together; if the database refuses them, one by one, so that only what it refuses stays behind. */
  async function surface(found: readonly Found[]): Promise<void> {
    let stored: readonly InboxRow[];
    try {
      stored = await store.transaction((tx) => keepAll(tx, found));
    } catch (error) {
      if (error instanceof StaleOwner || isFailure(error, 'temporarily_unavailable')) throw error;
      const [only, ...more] = found;
      if (only !== undefined && more.length === 0) return setAside(only, error);
      for (const one of found) await surface([one]);
      return;
    }
    await tell(stored);
  }

  async function setAside({ journal }: Found, error: unknown): Promise<void> {
    if (journal !== undefined) {
      if (aside.size < MOST_ASIDE) aside.set(journal, clock.monotonic() + ASIDE_MS);
      else await store.journal.markSurfaced(owner, [journal]);
    }
    const reason = journal === undefined ? 'it was not in the journal' : 'it is left in the journal';
    log.error({ device: owner.device_id, err: asError(error), reason }, 'an incoming message could not be stored');
  }

  async function keepAll(tx: StoreTx, found: readonly Found[]): Promise<InboxRow[]> {
    const rows: InboxRow[] = [];
    const journal = found.flatMap((one) => one.journal ?? []);
    // First, since it keeps the entries from being erased until the rows are there to be erased instead.
    const marked = await tx.journal.markSurfaced(owner, journal);
    for (const { message, journal } of found) {
      // Its sender was erased after it was read.
      if (message === undefined || (journal !== undefined && !marked.has(journal))) continue;
      const row = await keep(tx, message);
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  async function tell(stored: readonly InboxRow[]): Promise<void> {
    if (stored.length === 0) return;
    await store.durable();
    for (const row of stored) {
      const { id, whatsapp_id, direction, from_phone, from_lid } = row;
      const where = { accountId: owner.account_id, deviceId: owner.device_id, inboxId: id };
      events.emit('inbox.changed', where);
      if (direction === 'out') continue;
      // Who says something in a group has not written to us: to write to them opens a conversation.
      if (isBetweenTwo(row))
        await needs.heardFrom([from_phone, from_lid]).catch((error) => {
          log.error({ err: asError(error) }, 'who wrote could not be stored');
        });
      events.emit('message.received', { ...where, whatsappId: whatsapp_id });
    }
    needs.happenings.ring(owner);
  }

  async function keep(tx: StoreTx, message: Incoming): Promise<InboxRow | undefined> {
    // What went out through the API is in the history already.
    if (message.fromMe && (await tx.messages.findProto(owner.device_id, message.whatsappId)) !== undefined)
      return undefined;
    const self = needs.self();
    const made = rowOf(await opened(tx, owner, message, self), self);
    let row = await tx.inbox.insert(owner, made);
    // A new row, since who follows the inbox by its ids is to find it.
    if (row === undefined && made.type !== 'view_once' && (await tx.inbox.dropViewOnce(owner, made)))
      row = await tx.inbox.insert(owner, made);
    if (row === undefined || row.direction === 'out') return row;
    const said = wish(message);
    if (said !== undefined)
      for (const peer of peersOf(row))
        await tx.conversations.optOut(owner, peer, said === 'stop' ? clock.now() : null, clock.now());
    await needs.happenings.record(tx, owner, received(row));
    return row;
  }

  return {
    start() {
      running ??= run().catch((error) => {
        log.error({ err: asError(error) }, 'incoming messages are not stored any more');
      });
    },
    hear(message) {
      if (heard.length >= MOST_HEARD) return;
      heard.push(message);
      ring?.();
    },
    async stop() {
      stopping.abort();
      ring?.();
      await running;
    },
  };
}

/** A message through a broadcast list is in the chat with its writer. */
const placeOf = ({ from, participant }: MessageEnvelope): string =>
  isBroadcastList(from) && participant !== undefined ? participant : from;
const nameOf = (whatsappId: string, jid: string): string => `${whatsappId} ${bare(jid)}`;
