import type { Clock } from '../../base/clock.ts';
import { failure } from '../../base/errors.ts';

/** What one account may take of this machine for its media, so that one tenant's flood does not slow another's. */
export interface ShareLimits {
  /** Downloads and uploads at once; more wait for their turn, in order. */
  readonly running: number;
  /** How many may wait; one more is refused with `rate_limited`. */
  readonly waiting: number;
  /** Temporary files on disk, together; more is refused with `rate_limited`. */
  readonly bytes: number;
}

export interface Shares {
  /** Resolves when it is this one's turn, with the function that ends it. Throws `rate_limited`, or the signal's reason. */
  enter(accountId: number, signal?: AbortSignal): Promise<() => void>;
  /** Throws `rate_limited` when the account's files would be larger than its share; then nothing is taken. */
  take(accountId: number, bytes: number): void;
  giveBack(accountId: number, bytes: number): void;
}

interface Share {
  running: number;
  bytes: number;
  readonly queue: (() => void)[];
}

const RETRY_SECONDS = 10;
const busy = () => failure('rate_limited', { seconds: RETRY_SECONDS }, { retryAfter: RETRY_SECONDS });

export function createShares(limits: ShareLimits, patienceMs: number, clock: Pick<Clock, 'sleep'>): Shares {
  const shares = new Map<number, Share>();
  const shareOf = (accountId: number): Share => {
    const share = shares.get(accountId) ?? { running: 0, bytes: 0, queue: [] };
    shares.set(accountId, share);
    return share;
  };
  const forget = (accountId: number, { running, bytes, queue }: Share) => {
    if (running === 0 && bytes === 0 && queue.length === 0) shares.delete(accountId);
  };

  function leave(accountId: number): void {
    const share = shareOf(accountId);
    const next = share.queue.shift();
    // The place goes to the next in line without becoming free in between.
    if (next) next();
    else share.running--;
    forget(accountId, share);
  }

  async function wait(share: Share, signal: AbortSignal | undefined): Promise<void> {
    const turn = Promise.withResolvers<void>();
    const over = new AbortController();
    share.queue.push(turn.resolve);
    const patience = clock.sleep(patienceMs, signal ? AbortSignal.any([signal, over.signal]) : over.signal);
    const tired = patience.then(() => Promise.reject(busy()));
    try {
      await Promise.race([turn.promise, tired]);
    } catch (error) {
      const place = share.queue.indexOf(turn.resolve);
      if (place >= 0) {
        share.queue.splice(place, 1);
        throw error;
      }
      // The turn came in the same moment: take it, or the place would be lost.
    } finally {
      over.abort();
    }
  }

  return {
    async enter(accountId, signal) {
      signal?.throwIfAborted();
      const share = shareOf(accountId);
      if (share.running < limits.running) share.running++;
      else if (share.queue.length < limits.waiting) await wait(share, signal);
      else throw busy();
      let left = false;
      return () => {
        if (!left) leave(accountId);
        left = true;
      };
    },
    take(accountId, bytes) {
      const share = shareOf(accountId);
      if (share.bytes + bytes > limits.bytes) throw busy();
      share.bytes += bytes;
    },
    giveBack(accountId, bytes) {
      const share = shareOf(accountId);
      share.bytes -= bytes;
      forget(accountId, share);
    },
  };
}
