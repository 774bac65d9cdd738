import { createMemory, type Memory } from './memory.ts';

const memories = new Set<{ clear(): void }>();

/** Whoever was signed in has left, or somebody comes in: what this tab kept is not for the next person. */
export function forgetKept(): void {
  for (const memory of memories) memory.clear();
}

/** Secrets and choices by the id of what they belong to, until their owner drops them or the session ends. */
export function createKept<T>(): Memory<number, T> {
  const memory = createMemory<number, T>();
  memories.add(memory);
  return memory;
}
