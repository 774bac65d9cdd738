import type { DeviceMemory, JournalEntry, KeyChange, KeyType } from '../memory.ts';
import { UnreadableKeyError } from './errors.ts';
import {
  decodeIdentity,
  decodeSenderKey,
  decodeSessions,
  encodeSessions,
  encodeTagged,
  type Session,
} from './record.ts';

/** The three key types that this folder alone reads and writes. Baileys only ever deletes rows of them. */
interface Values {
  session: readonly Session[];
  'sender-key': Uint8Array;
  'identity-key': Uint8Array;
}
export type SignalType = keyof Values;

const DECODE: { [T in SignalType]: (stored: Uint8Array, id: string) => Values[T] } = {
  session: decodeSessions,
  'sender-key': decodeSenderKey,
  'identity-key': decodeIdentity,
};
const ENCODE: { [T in SignalType]: (value: Values[T]) => Uint8Array } = {
  session: encodeSessions,
  'sender-key': encodeTagged,
  'identity-key': encodeTagged,
};

export interface Change {
  readonly row: KeyChange;
  /** What the cache may hold once the row is durable. */
  readonly value: Values[SignalType] | undefined;
}

export function put<T extends SignalType>(type: T, id: string, value: Values[T]): Change {
  return { row: { type, id, value: ENCODE[type](value) }, value };
}

export function remove(type: KeyType, id: string): Change {
  return { row: { type, id, value: null }, value: undefined };
}

export function raw(type: KeyType, id: string, value: Uint8Array | null): Change {
  return { row: { type, id, value }, value: undefined };
}

export type Rows = ReturnType<typeof createRows>;

/**
 * The Signal rows of one device: read through and written through a small cache, so that a warm message costs no read.
 *
 * The cache only ever holds what is durable: it learns a value after the write that made it so, forgets on a failed write
 * (whose outcome is not known), and does not learn from a read or write that a `forget` has overtaken. All calls but
 * `forget` are made under the device's lock.
 */
export function createRows({
  memory,
  cacheBytes,
  onUnreadable,
}: {
  memory: Pick<DeviceMemory, 'readKeys' | 'writeKeys'>;
  cacheBytes: number;
  onUnreadable?: ((error: UnreadableKeyError) => void) | undefined;
}) {
  // A Map keeps the order of insertion: the first entry is the one unused for longest.
  const cache = new Map<string, { value: Values[SignalType]; bytes: number }>();
  let held = 0;
  let forgets = 0;

  const drop = (name: string): void => {
    const entry = cache.get(name);
    if (!entry) return;
    held -= entry.bytes;
    cache.delete(name);
  };

  const keep = (name: string, value: Values[SignalType], bytes: number): void => {
    drop(name);
    cache.set(name, { value, bytes });
    held += bytes;
    for (const oldest of cache.keys()) {
      if (held <= cacheBytes) break;
      drop(oldest);
    }
  };

  async function read<T extends SignalType>(type: T, id: string): Promise<Values[T] | undefined> {
    const name = nameOf(type, id);
    const cached = cache.get(name);
    if (cached) {
      cache.delete(name);
      cache.set(name, cached);
      return cached.value as Values[T];
    }
    const before = forgets;
    const stored = (await memory.readKeys(type, [id])).get(id);
    if (!stored) return undefined;
    try {
      const value = DECODE[type](stored, id);
      if (forgets === before) keep(name, value, costOf(stored));
      return value;
    } catch (error) {
      if (error instanceof UnreadableKeyError) onUnreadable?.(error);
      throw error;
    }
  }

  /** One durable transaction. Rejects with the store's own error, and then nothing of it is kept anywhere. */
  async function write(changes: readonly Change[], journal?: JournalEntry): Promise<void> {
    const before = forgets;
    const rows = changes.map((change) => change.row);
    try {
      await (journal ? memory.writeKeys(rows, journal) : memory.writeKeys(rows));
    } catch (error) {
      for (const { type, id } of rows) drop(nameOf(type, id));
      throw error;
    }
    for (const { row, value } of changes) {
      const name = nameOf(row.type, row.id);
      if (value && row.value && forgets === before) keep(name, value, costOf(row.value));
      else drop(name);
    }
  }

  function forget(type: KeyType, ids: readonly string[]): void {
    forgets += 1;
    for (const id of ids) drop(nameOf(type, id));
  }

  return { read, write, forget };
}

function nameOf(type: KeyType, id: string): string {
  return `${type} ${id}`;
}

/** A little for the entry itself, so that many small ones are bounded too. */
function costOf(stored: Uint8Array): number {
  return stored.length + 200;
}
