import { useSyncExternalStore } from 'react';

/** What pages remember beside themselves, in this tab alone, until its owner drops it. */
export interface Memory<K, T> {
  keep(key: K, value: T): void;
  drop(key: K): void;
  clear(): void;
  now(key: K): T | undefined;
  /** Drawn again when it changes. */
  useKept(key: K): T | undefined;
}

export function createMemory<K, T>(): Memory<K, T> {
  const kept = new Map<K, T>();
  const watchers = new Set<() => void>();
  const told = () => {
    for (const watcher of watchers) watcher();
  };
  const watch = (watcher: () => void) => {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  };
  const now = (key: K) => kept.get(key);
  return {
    keep(key, value) {
      kept.set(key, value);
      told();
    },
    drop(key) {
      kept.delete(key);
      told();
    },
    clear() {
      kept.clear();
      told();
    },
    now,
    useKept: (key) => useSyncExternalStore(watch, () => now(key)),
  };
}
