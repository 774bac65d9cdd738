import { setImmediate } from 'node:timers/promises';

/**
 * Deletes much in steps of at most `atOnce` rows, until one finds fewer, or `signal` ends it after the next; gives how many. Each is a
 * statement of its own, so that a backlog meets no time limit (PostgreSQL), and what is gone stays gone. Between them everything else has
 * its turn: SQLite answers at once.
 */
export async function inSteps(
  atOnce: number,
  deleteSome: (limit: number) => Promise<number>,
  signal?: AbortSignal,
): Promise<number> {
  let sum = 0;
  for (;;) {
    const gone = await deleteSome(atOnce);
    await setImmediate();
    sum += gone;
    if (gone < atOnce || signal?.aborted) return sum;
  }
}
