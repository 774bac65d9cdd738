import type { Lock } from './lock.ts';
import type { Session } from './record.ts';

export interface Encrypted {
  readonly type: 'pkmsg' | 'msg';
  readonly ciphertext: Buffer;
}

interface Waiting {
  readonly jid: string;
  readonly data: Uint8Array;
  readonly resolve: (encrypted: Encrypted) => void;
  readonly reject: (error: unknown) => void;
}

interface Needs {
  readonly lock: Lock;
  /** The row of a JID, and its sessions as they are stored. */
  readonly find: (jid: string) => Promise<{ readonly id: string; readonly sessions: readonly Session[] }>;
  readonly encrypt: (
    sessions: readonly Session[],
    data: Uint8Array,
  ) => Promise<Encrypted & { readonly sessions: readonly Session[] }>;
  /** One durable transaction. */
  readonly write: (sessions: ReadonlyMap<string, readonly Session[]>) => Promise<void>;
}

/** Enough for a message to a large group's devices; more wait for the next turn. */
const MOST = 256;

/**
 * Encryptions that wait for the lock together are made durable together. Baileys encrypts one message for the contact and for one's
 * own phone side by side, and a first message to a group for each member: each is one put instead of many, and none of them resolves
 * before the put is durable.
 */
export function createEncryptions({ lock, find, encrypt, write }: Needs) {
  let waiting: Waiting[] = [];

  async function encryptTogether(): Promise<void> {
    const batch = waiting.slice(0, MOST);
    waiting = waiting.slice(MOST);
    if (waiting.length > 0) begin();
    const staged = new Map<string, readonly Session[]>();
    const made: { readonly one: Waiting; readonly encrypted: Encrypted }[] = [];
    for (const one of batch) {
      try {
        const { id, sessions } = await find(one.jid);
        const { type, ciphertext, sessions: stepped } = await encrypt(staged.get(id) ?? sessions, one.data);
        staged.set(id, stepped);
        made.push({ one, encrypted: { type, ciphertext } });
      } catch (error) {
        one.reject(error);
      }
    }
    try {
      if (staged.size > 0) await write(staged);
      for (const { one, encrypted } of made) one.resolve(encrypted);
    } catch (error) {
      for (const { one } of made) one.reject(error);
    }
  }

  function begin(): void {
    // Its own failures are told to those who wait.
    void lock(encryptTogether);
  }

  return (jid: string, data: Uint8Array): Promise<Encrypted> =>
    new Promise((resolve, reject) => {
      waiting.push({ jid, data, resolve, reject });
      if (waiting.length === 1) begin();
    });
}
