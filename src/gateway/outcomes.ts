import type { Clock } from '../base/clock.ts';
import type { EventBus } from '../base/events.ts';
import type { MessageRow, Store } from '../store/index.ts';

/** What became of messages, told to whoever waits for one and to everybody who listens. */
export interface Outcomes {
  /** A row has changed; the change is committed. */
  tell(row: MessageRow): void;
  /**
   * Waits for a message's outcome: its row, or undefined after `withinMs` or when `signal` says that nobody needs it. Begin before
   * the row exists: an outcome can be faster than the promise of the transaction that made the row.
   */
  expect(whatsappId: string, withinMs: number, signal?: AbortSignal): Expected;
  /** Another node says that a row has changed. */
  heard(change: Omit<ReturnType<typeof changeOf>, 'state'> & { readonly state: string }): void;
  /** Looks up what is waited for and may have been told unheard: the bell is no promise. */
  look(): Promise<void>;
}

export interface Expected {
  /** The row is accepted: it can be looked up from now on. */
  accepted(row: Pick<MessageRow, 'id'>): void;
  readonly row: Promise<MessageRow | undefined>;
  forget(): void;
}

export const changeOf = (row: MessageRow) => ({
  accountId: row.account_id,
  deviceId: row.device_id,
  messageId: row.id,
  whatsappId: row.whatsapp_id,
  state: row.state,
});

/** What was told to nobody here for so long is looked up. */
const UNHEARD_MS = 400;

interface Waiting {
  readonly resolve: (row: MessageRow | undefined) => void;
  /** Monotonic ms. */
  readonly since: number;
  id: number | undefined;
}

export function createOutcomes({
  store,
  events,
  clock,
}: {
  readonly store: Pick<Store, 'messages'>;
  readonly events: EventBus;
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
}): Outcomes {
  const waiting = new Map<string, Waiting>();
  const settle = (rows: readonly MessageRow[]) => {
    for (const row of rows) waiting.get(row.whatsapp_id)?.resolve(row);
  };
  return {
    tell(row) {
      if (row.state !== 'queued' && row.state !== 'sending') settle([row]);
      events.emit('message.changed', changeOf(row));
    },
    expect(whatsappId, withinMs, signal) {
      const { promise: row, resolve } = Promise.withResolvers<MessageRow | undefined>();
      const giveUp = () => resolve(undefined);
      waiting.set(whatsappId, { resolve, since: clock.monotonic(), id: undefined });
      if (signal?.aborted) giveUp();
      else signal?.addEventListener('abort', giveUp, { once: true });
      const cancel = clock.after(withinMs, giveUp);
      return {
        row,
        accepted({ id }) {
          const mine = waiting.get(whatsappId);
          if (mine !== undefined) mine.id = id;
        },
        forget() {
          cancel();
          signal?.removeEventListener('abort', giveUp);
          waiting.delete(whatsappId);
        },
      };
    },
    heard({ messageId, whatsappId, state }) {
      const mine = waiting.get(whatsappId);
      if (mine === undefined || state === 'queued' || state === 'sending') return;
      store.messages.settled([messageId]).then(settle, () => {
        // The next look finds it, or the wait ends.
      });
    },
    async look() {
      const now = clock.monotonic();
      const ids = [...waiting.values()].flatMap(({ id, since }) =>
        id === undefined || now - since < UNHEARD_MS ? [] : [id],
      );
      settle(await store.messages.settled(ids));
    },
  };
}
