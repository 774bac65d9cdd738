import type { DeviceMemory, KeyChange, KeyType } from './memory.ts';

/** Baileys asks for these with every message; the sessions have a cache of their own (signal/rows.ts). */
const CACHED: ReadonlySet<KeyType> = new Set(['tctoken', 'lid-mapping', 'device-list', 'sender-key-memory']);
const MOST = 5_000;

/**
 * What Baileys reads again and again, kept for the device's one owner: also that there is nothing. A value is known after the write
 * that made it durable, and forgotten when a write fails, since its outcome is not known.
 */
export function cacheKeys(
  memory: Pick<DeviceMemory, 'readKeys' | 'writeKeys'>,
): Pick<DeviceMemory, 'readKeys' | 'writeKeys'> {
  const known = new Map<string, Uint8Array | null>();
  let writes = 0;

  function keep(name: string, value: Uint8Array | null): void {
    known.delete(name);
    known.set(name, value);
    const [oldest] = known.keys();
    if (known.size > MOST && oldest !== undefined) known.delete(oldest);
  }
  const nameOf = (type: KeyType, id: string) => `${type} ${id}`;
  const forget = (changes: readonly KeyChange[]) => {
    for (const { type, id } of changes) known.delete(nameOf(type, id));
  };

  function isKnown({ type, id, value }: KeyChange): boolean {
    const before = known.get(nameOf(type, id));
    if (before === undefined) return false;
    return before === null || value === null ? before === value : Buffer.compare(before, value) === 0;
  }

  return {
    async readKeys(type, ids) {
      if (!CACHED.has(type)) return memory.readKeys(type, ids);
      const missing = ids.filter((id) => !known.has(nameOf(type, id)));
      if (missing.length > 0) {
        const before = writes;
        const read = await memory.readKeys(type, missing);
        // What was written meanwhile is newer than what was read.
        if (before !== writes) return memory.readKeys(type, ids);
        for (const id of missing) keep(nameOf(type, id), read.get(id) ?? null);
      }
      const found = new Map<string, Uint8Array>();
      for (const id of ids) {
        const value = known.get(nameOf(type, id));
        if (value) found.set(id, value);
      }
      return found;
    },
    async writeKeys(given, journal) {
      // With every message to a group Baileys writes once more who has its key.
      const changes = given.filter((change) => !isKnown(change));
      if (changes.length === 0 && !journal) return;
      writes += 1;
      forget(changes);
      try {
        await memory.writeKeys(changes, journal);
      } catch (error) {
        forget(changes);
        throw error;
      } finally {
        writes += 1;
      }
      for (const { type, id, value } of changes) if (CACHED.has(type)) keep(nameOf(type, id), value);
    },
  };
}
