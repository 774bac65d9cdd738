import { useSyncExternalStore } from 'react';

const forgetting = new Set<() => void>();

/** Whoever was signed in has left, or somebody comes in: what this tab kept is not for the next person. */
export function forgetKept(): void {
  for (const forget of forgetting) forget();
}

/** What stays in the memory of this tab alone, by the id of what it belongs to, until its owner drops it or leaves. */
export function createKept<T>() {
  const kept = new Map<number, T>();
  const listeners = new Set<() => void>();
  const told = () => {
    for (const listener of listeners) listener();
  };
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  forgetting.add(() => {
    kept.clear();
    told();
  });
  return {
    keep(id: number, value: T): void {
      kept.set(id, value);
      told();
    },
    drop(id: number): void {
      kept.delete(id);
      told();
    },
    now: (id: number): T | undefined => kept.get(id),
    useKept: (id: number): T | undefined => useSyncExternalStore(subscribe, () => kept.get(id)),
  };
}
