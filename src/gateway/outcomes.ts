import type { Clock } from '../base/clock.ts';
import type { EventBus } from '../base/events.ts';
import type { MessageRow } from '../store/index.ts';

/** What became of messages, told to whoever waits for one and to everybody who listens. */
export interface Outcomes {
  /** A row has changed; the change is committed. */
  tell(row: MessageRow): void;
  /**
   * Waits for a message's outcome: its row, or undefined after `withinMs` or when `signal` says that nobody needs it. Begin before
   * the row exists: an outcome can be faster than the promise of the transaction that made the row.
   */
  expect(whatsappId: string, withinMs: number, signal?: AbortSignal): Expected;
}

export interface Expected {
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

export function createOutcomes({
  events,
  clock,
}: {
  readonly events: EventBus;
  readonly clock: Pick<Clock, 'after'>;
}): Outcomes {
  const waiting = new Map<string, (row: MessageRow) => void>();
  return {
    tell(row) {
      if (row.state !== 'queued' && row.state !== 'sending') waiting.get(row.whatsapp_id)?.(row);
      events.emit('message.changed', changeOf(row));
    },
    expect(whatsappId, withinMs, signal) {
      const { promise: row, resolve } = Promise.withResolvers<MessageRow | undefined>();
      const giveUp = () => resolve(undefined);
      waiting.set(whatsappId, resolve);
      signal?.addEventListener('abort', giveUp, { once: true });
      const cancel = clock.after(withinMs, giveUp);
      return {
        row,
        forget() {
          cancel();
          signal?.removeEventListener('abort', giveUp);
          waiting.delete(whatsappId);
        },
      };
    },
  };
}
