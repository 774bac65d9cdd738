import type { Clock } from '../base/clock.ts';

/** What became of a stanza that was written. `silence`: neither yes nor no came, in time or before the connection went. */
export type Answer =
  | { readonly is: 'acknowledged'; readonly serverTime: number }
  | { readonly is: 'refused'; readonly code: number }
  | { readonly is: 'silence'; readonly because: 'timeout' | 'closed' };

export interface Acknowledgements {
  /** Register before the stanza is written; the answer can be faster than the write's promise. */
  expect(whatsappId: string, withinMs: number): { readonly answer: Promise<Answer>; forget(): void };
  /** Whether somebody waited for it. */
  settle(whatsappId: string, answer: Answer): boolean;
  /** The connection went: everything still open is unknown. */
  closeAll(): void;
  /** Monotonic ms of the last yes or no. */
  readonly lastAt: number;
}

/**
 * Who waits for which acknowledgement. Baileys resolves a send when the stanza is written and raises no event for a good ack
 * (facts/baileys 1), so the link reports `CB:ack` and this table matches it.
 */
export function createAcknowledgements(clock: Pick<Clock, 'after' | 'monotonic'>): Acknowledgements {
  const open = new Map<string, (answer: Answer) => void>();
  let lastAt = 0;
  return {
    expect(whatsappId, withinMs) {
      const { promise: answer, resolve } = Promise.withResolvers<Answer>();
      const forget = () => {
        cancel();
        open.delete(whatsappId);
      };
      const settle = (value: Answer) => {
        forget();
        resolve(value);
      };
      const cancel = clock.after(withinMs, () => settle({ is: 'silence', because: 'timeout' }));
      open.set(whatsappId, settle);
      return { answer, forget };
    },
    settle(whatsappId, answer) {
      lastAt = clock.monotonic();
      const waiting = open.get(whatsappId);
      waiting?.(answer);
      return waiting !== undefined;
    },
    closeAll() {
      for (const settle of [...open.values()]) settle({ is: 'silence', because: 'closed' });
    },
    get lastAt() {
      return lastAt;
    },
  };
}
