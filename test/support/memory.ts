import type { DeviceMemory, JournalEntry, KeyChange, KeyType } from '../../src/whatsapp/memory.ts';

/** A device's memory in memory. Bytes are copied both ways, so that nothing is shared by chance. */
export interface PlainMemory extends DeviceMemory {
  readonly rows: ReadonlyMap<string, Uint8Array>;
  readonly journal: ReadonlyMap<string, JournalEntry>;
  readonly creds: Uint8Array | undefined;
  /** How many transactions of keys there were. */
  readonly writes: number;
  /** Spoils the bytes of all rows whose name begins so: `session `, `creds`. */
  spoil(prefix: string): void;
  /** What every call answers from now on; undefined: it works again. */
  fail(how: 'throws' | 'hangs' | undefined): void;
}

export function createMemory(): PlainMemory {
  const rows = new Map<string, Uint8Array>();
  const journal = new Map<string, JournalEntry>();
  let creds: Uint8Array | undefined;
  let writes = 0;
  let failure: 'throws' | 'hangs' | undefined;
  const name = (type: KeyType, id: string) => `${type} ${id}`;
  const hex = (hash: Uint8Array) => Buffer.from(hash).toString('hex');

  async function call<T>(work: () => T): Promise<T> {
    if (failure === 'throws') throw new Error('the disk is full');
    if (failure === 'hangs') return new Promise(() => undefined);
    return work();
  }

  return {
    rows,
    journal,
    get creds() {
      return creds;
    },
    get writes() {
      return writes;
    },
    readCreds: () => call(() => creds && Uint8Array.from(creds)),
    writeCreds: (bytes) =>
      call(() => {
        creds = Uint8Array.from(bytes);
      }),
    readKeys: (type, ids) =>
      call(() => {
        const found = new Map<string, Uint8Array>();
        for (const id of ids) {
          const bytes = rows.get(name(type, id));
          if (bytes) found.set(id, Uint8Array.from(bytes));
        }
        return found;
      }),
    writeKeys: (changes: readonly KeyChange[], entry) =>
      call(() => {
        writes += 1;
        for (const { type, id, value } of changes) {
          if (value === null) rows.delete(name(type, id));
          else rows.set(name(type, id), Uint8Array.from(value));
        }
        if (entry) journal.set(hex(entry.hash), entry);
      }),
    readJournal: (hash) => call(() => journal.get(hex(hash))?.plaintext),
    spoil(prefix) {
      if (prefix === 'creds' && creds) creds = Buffer.from('not what was written');
      for (const key of rows.keys()) if (key.startsWith(prefix)) rows.set(key, Buffer.from('not what was written'));
    },
    fail(how) {
      failure = how;
    },
  };
}
