import { decodeCreds, encodeCreds } from './encoding.ts';
import type { DeviceMemory, KeyChange, KeyType } from './memory.ts';
import { signalAddress } from './signal/addresses.ts';
import { withoutSendingKeys } from './signal/index.ts';

/** Pre-keys that may have been made since the backup: one upload makes a few, and ids have 24 bits. */
const PRE_KEYS_AHEAD = 10_000;
const LAST_PRE_KEY = 0xffffff;

export interface AgedKeys {
  readonly creds: Uint8Array;
  readonly changes: readonly KeyChange[];
}

/**
 * What a device must remember when it wakes up with the memory of an earlier day, as after a restore: nothing that it may have used since
 * then is used again. Sessions keep what they need to read and lose what they would send with; its own sender keys of groups go, so that
 * the next message brings the members a new one; pre-keys go on with numbers that it cannot have given out.
 */
export async function agedKeys(
  memory: Pick<DeviceMemory, 'readCreds' | 'readKeys'> & { listKeys(type: KeyType): Promise<readonly string[]> },
): Promise<AgedKeys | undefined> {
  const stored = await memory.readCreds();
  if (stored === undefined) return undefined;
  const creds = decodeCreds(stored);
  const next = ((creds.nextPreKeyId + PRE_KEYS_AHEAD) % LAST_PRE_KEY) + 1;
  creds.nextPreKeyId = next;
  creds.firstUnuploadedPreKeyId = next;

  const changes: KeyChange[] = [];
  const sessions = await memory.readKeys('session', await memory.listKeys('session'));
  for (const [id, bytes] of sessions) changes.push({ type: 'session', id, value: withoutSendingKeys(bytes, id) });
  const own = [creds.me?.id, creds.me?.lid]
    .filter((jid) => jid !== undefined)
    .map((jid) => `::${signalAddress(jid).replace('.', '::')}`);
  for (const id of await memory.listKeys('sender-key'))
    if (own.some((name) => id.endsWith(name))) changes.push({ type: 'sender-key', id, value: null });
  for (const id of await memory.listKeys('sender-key-memory'))
    changes.push({ type: 'sender-key-memory', id, value: null });
  return { creds: encodeCreds(creds), changes };
}
