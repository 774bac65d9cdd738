import { useSyncExternalStore } from 'react';

/** Tokens that were just made, until their owner says that they are stored or leaves this site: never kept anywhere else. */
const tokens = new Map<number, string>();
const listeners = new Set<() => void>();

export function showToken(deviceId: number, token: string): void {
  tokens.set(deviceId, token);
  for (const listener of listeners) listener();
}

export function hideToken(deviceId: number): void {
  tokens.delete(deviceId);
  for (const listener of listeners) listener();
}

export const useFreshToken = (deviceId: number): string | undefined =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => tokens.get(deviceId),
  );
