import { useSyncExternalStore } from 'react';

/** Secrets that were just made, until their owner says that they are stored or leaves this site: never kept anywhere else. */
export function createShownOnce() {
  const words = new Map<number, string>();
  const listeners = new Set<() => void>();
  const told = () => {
    for (const listener of listeners) listener();
  };
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    show(id: number, word: string): void {
      words.set(id, word);
      told();
    },
    hide(id: number): void {
      words.delete(id);
      told();
    },
    useFresh: (id: number): string | undefined => useSyncExternalStore(subscribe, () => words.get(id)),
  };
}
