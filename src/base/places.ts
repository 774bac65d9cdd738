/** How many may be somewhere at once under each key: the open streams of a person, of a device. */
export interface Places<Key> {
  /**
   * Takes a place; undefined: all are taken. What it gives frees it, and so does `signal` (both: once). A signal that has aborted already
   * frees it at once: no event would come any more.
   */
  take(key: Key, signal: AbortSignal): (() => void) | undefined;
}

export function createPlaces<Key>(most: number): Places<Key> {
  const taken = new Map<Key, number>();
  return {
    take(key, signal) {
      const others = taken.get(key) ?? 0;
      if (others >= most) return undefined;
      taken.set(key, others + 1);
      let isTaken = true;
      const free = () => {
        signal.removeEventListener('abort', free);
        if (!isTaken) return;
        isTaken = false;
        const left = (taken.get(key) ?? 1) - 1;
        if (left > 0) taken.set(key, left);
        else taken.delete(key);
      };
      if (signal.aborted) free();
      else signal.addEventListener('abort', free);
      return free;
    },
  };
}
