import type { Clock } from '../base/clock.ts';
import type { Allowance } from '../base/limits.ts';
import type { Store } from '../store/index.ts';

/** How many requests a caller may make, counted over all nodes: each one is counted before it is answered, so the limit is exact. */
export interface SharedRates {
  take(key: string, limit: number): Promise<Allowance>;
}

interface Waiting {
  readonly settle: (used: number, left: number) => void;
  readonly fail: (error: unknown) => void;
}

/** Callers that are known to have used up their window: a flood does not reach the database. */
const MOST_KNOWN = 10_000;

/**
 * Counts in the database, in windows that begin with the first request. What comes while a statement is on its way goes with the next one,
 * one row for each caller: a hundred requests cost as many statements as one, and the wait is that of a round trip or two.
 */
export function createSharedRates({
  store,
  clock,
  windowMs,
}: {
  readonly store: Pick<Store, 'rates'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly windowMs: number;
}): SharedRates {
  let waiting = new Map<string, Waiting[]>();
  const spent = new Map<string, { readonly until: number; readonly used: number }>();
  let counting = false;

  async function count(): Promise<void> {
    if (counting) return;
    counting = true;
    while (waiting.size > 0) {
      const some = waiting;
      waiting = new Map();
      try {
        const counts = [...some].map(([key, { length }]) => ({ key, count: length }));
        const found = new Map((await store.rates.add(counts, windowMs)).map((row) => [row.key, row]));
        for (const [key, list] of some) {
          const row = found.get(key);
          for (const [at, { settle }] of list.entries())
            settle((row?.used ?? 0) - list.length + at + 1, row?.left ?? windowMs);
        }
      } catch (error) {
        for (const { fail } of [...some.values()].flat()) fail(error);
      }
    }
    counting = false;
  }

  return {
    async take(key, limit) {
      const known = spent.get(key);
      if (known !== undefined && known.until > clock.monotonic() && known.used > limit)
        return tell(known.used, known.until - clock.monotonic(), limit);
      const { used, left } = await new Promise<{ used: number; left: number }>((resolve, reject) => {
        const mine = { settle: (count: number, ms: number) => resolve({ used: count, left: ms }), fail: reject };
        waiting.set(key, [...(waiting.get(key) ?? []), mine]);
        void count();
      });
      if (used > limit) {
        if (spent.size >= MOST_KNOWN) spent.clear();
        spent.set(key, { until: clock.monotonic() + left, used });
      }
      return tell(used, left, limit);
    },
  };
}

const tell = (used: number, left: number, limit: number): Allowance => ({
  allowed: used <= limit,
  limit,
  remaining: Math.max(0, limit - used),
  resetSeconds: Math.max(1, Math.ceil(left / 1000)),
});
