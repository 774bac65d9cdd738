import { setImmediate } from 'node:timers/promises';
import { type AuthenticationCreds, type AuthenticationState, initAuthCreds, type SignalDataTypeMap } from 'baileys';
import { decodeCreds, decodeKey, encodeCreds, encodeKey } from './encoding.ts';
import { cacheKeys } from './key-cache.ts';
import { LinkError } from './link.ts';
import type { DeviceMemory, KeyChange, KeyType } from './memory.ts';
import { type SignalRepositoryFactory, UnreadableKeyError } from './signal/index.ts';

/** Baileys' view of what a device remembers, and its credentials on their way to the store. */
export interface DeviceAuth extends AuthenticationState {
  /** Writes the credentials as they are now. Calls that come while one is under way share the next write. */
  saveCreds(): Promise<void>;
  /** Resolves when the credentials are as durable as they are known; rejects when the last write failed. */
  credsSaved(): Promise<void>;
  /**
   * When it resolves, what was begun before is written, and nothing is any more: `saveCreds` does nothing, `keys.set` rejects with LinkError
   * `closed`. Baileys goes on after its socket: an upload of pre-keys that got no answer makes new ones a second later, under ids of its own
   * copy of the credentials, by then those of other pairs that the next connection has told WhatsApp of.
   */
  end(): Promise<void>;
}

/** Rows that `signal/` keeps: Baileys only ever deletes them, and must not do so in the midst of an operation. */
const SIGNAL_TYPES: ReadonlySet<KeyType> = new Set(['session', 'sender-key', 'identity-key']);

/** Rejects with UnreadableKeyError, or LinkError `store`, rather than take an unreadable device for a new one. */
export async function openAuthState({
  memory,
  signal,
  onUnreadable,
  onUnsaved,
}: {
  memory: Pick<DeviceMemory, 'readCreds' | 'writeCreds' | 'readKeys' | 'writeKeys'>;
  signal: Pick<SignalRepositoryFactory, 'forget' | 'exclusively'>;
  onUnreadable: (error: UnreadableKeyError) => void;
  /** The credentials could not be written: what the phone now knows of this device would be lost. */
  onUnsaved: (error: unknown) => void;
}): Promise<DeviceAuth> {
  const cached = cacheKeys(memory);
  const watch = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      if (error instanceof UnreadableKeyError) onUnreadable(error);
      throw error;
    }
  };

  const stored = await memory.readCreds();
  const creds = stored ? forgetHalfPairing(watch(() => decodeCreds(stored))) : initAuthCreds();

  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  let ended = false;
  const underWay = new Set<Promise<unknown>>();
  const follow = async <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work);
    try {
      return await work;
    } finally {
      underWay.delete(work);
    }
  };
  function saveCreds(): Promise<void> {
    if (ended) return Promise.resolve();
    next ??= writing
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return memory.writeCreds(encodeCreds(creds));
      });
    writing = next;
    writing.catch(onUnsaved);
    return writing;
  }

  async function writeKeys(changes: readonly KeyChange[]): Promise<void> {
    const foreign = changes.filter(({ type }) => SIGNAL_TYPES.has(type));
    if (foreign.length === 0) await cached.writeKeys(changes);
    else await signal.exclusively(() => cached.writeKeys(changes));
    for (const { type, id } of foreign) signal.forget(type, [id]);
  }

  return {
    creds,
    saveCreds,
    credsSaved: () => writing,
    async end() {
      // At the end of its socket Baileys writes the index of its privacy tokens, once it has read what stands there.
      await Promise.allSettled(underWay);
      await setImmediate();
      ended = true;
      await Promise.allSettled([writing, ...underWay]);
    },
    keys: {
      async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
        const rows = await follow(cached.readKeys(type, ids));
        const values: { [id: string]: SignalDataTypeMap[T] } = {};
        for (const [id, bytes] of rows) values[id] = watch(() => decodeKey(type, id, bytes));
        return values;
      },
      async set(data) {
        const changes = changesOf(data);
        if (changes.length === 0) return;
        // Else the ids of one-time pre-keys could run behind the keys: creds.update cannot be awaited where it is emitted.
        await writing;
        if (ended) throw new LinkError('closed', 'The connection to WhatsApp is closed.');
        await follow(writeKeys(changes));
      },
    },
  };
}

function changesOf(
  data: { [T in keyof SignalDataTypeMap]?: { [id: string]: SignalDataTypeMap[T] | null } },
): KeyChange[] {
  const of = <T extends KeyType>(type: T, values: { [id: string]: SignalDataTypeMap[T] | null } | undefined) =>
    Object.entries(values ?? {}).map(
      ([id, value]): KeyChange => ({
        type,
        id,
        value: value === null || value === undefined ? null : encodeKey(type, value),
      }),
    );
  return (Object.keys(data) as KeyType[]).flatMap((type) => of(type, data[type]));
}

/**
 * A pairing by code that was given up leaves `me` without an account. Such credentials would log in as a device that does not
 * exist, instead of registering, and never get a QR code again.
 */
function forgetHalfPairing(creds: AuthenticationCreds): AuthenticationCreds {
  if (creds.me && !creds.account) {
    delete creds.me;
    creds.pairingCode = undefined;
    creds.registered = false;
  }
  return creds;
}

export { forgetHalfPairing };
