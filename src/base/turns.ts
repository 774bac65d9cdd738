/** Runs `work` when what was asked for the same `key` before is through, however it went; gives what it gives. */
export type Turns<Key> = <T>(key: Key, work: () => Promise<T>) => Promise<T>;

/** One after the other for each key. */
export function createTurns<Key>(): Turns<Key> {
  const last = new Map<Key, Promise<unknown>>();
  return async (key, work) => {
    const done = (last.get(key) ?? Promise.resolve()).then(work);
    const turn = done.catch(() => undefined); // told to whoever asked for it; the next one begins all the same
    last.set(key, turn);
    try {
      return await done;
    } finally {
      if (last.get(key) === turn) last.delete(key);
    }
  };
}
