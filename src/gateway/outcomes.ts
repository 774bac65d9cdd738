import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
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

export function createOutcomes({ events, clock }: { readonly events: EventBus; readonly clock: Clock }): Outcomes {
  const waiting = new Map<string, (row: MessageRow) => void>();
  return {
    tell(row) {
      if (row.state !== 'queued' && row.state !== 'sending') waiting.get(row.whatsapp_id)?.(row);
      events.emit('message.changed', changeOf(row));
    },
    expect(whatsappId, withinMs, signal) {
      const timer = new AbortController();
      const row = new Promise<MessageRow | undefined>((resolve, reject) => {
        waiting.set(whatsappId, resolve);
        signal?.addEventListener('abort', () => resolve(undefined), { once: true, signal: timer.signal });
        clock.sleep(withinMs, timer.signal).then(
          () => resolve(undefined),
          (error) => {
            if (!timer.signal.aborted) reject(asError(error));
          },
        );
      });
      return {
        row,
        forget() {
          timer.abort();
          waiting.delete(whatsappId);
        },
      };
    },
  };
}
