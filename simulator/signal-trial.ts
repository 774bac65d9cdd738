import { SessionRecord } from 'libsignal';

/** A session as libsignal writes it: plain JSON with base64 inside. Only the index is looked at here. */
export interface SavedSession {
  readonly indexInfo: { readonly baseKey: string; readonly used: number };
  readonly _chains: Readonly<Record<string, { readonly chainType: number }>>;
}
type SavedRecord = { readonly _sessions: Readonly<Record<string, SavedSession>>; readonly version: 'v1' };

/** The parts of libsignal that its typings leave out. */
interface OpenSession {
  serialize(): SavedSession;
  readonly indexInfo: { used: number };
}
interface OpenRecord {
  getSessions(): OpenSession[];
  serialize(): SavedRecord;
}
export interface Cipher {
  doDecryptWhisperMessage(message: Buffer, session: OpenSession): Promise<Buffer>;
  encrypt(data: Buffer): Promise<{ type: number; body: Buffer }>;
}
interface Opened {
  readonly plain: Buffer;
  /** All sessions with the peer after the message, the one to send with first. */
  readonly sessions: SavedSession[];
}

/** As many as the library of the phones keeps for messages that come late. */
const RECEIVING_CHAINS = 5;
/** libsignal's word for the chain of the other side. */
const RECEIVING = 2;

/**
 * The session without all but the newest chains of the peer. libsignal closes a chain at each turn of a conversation and keeps it forever:
 * 200 bytes a turn, and each try copies all of them (test/soak).
 */
function withoutOldChains(session: SavedSession): SavedSession {
  const receiving = Object.entries(session._chains).filter(([, { chainType }]) => chainType === RECEIVING);
  const old = new Set(receiving.slice(0, -RECEIVING_CHAINS).map(([key]) => key));
  if (old.size === 0) return session;
  // Ratchet keys are base64, so that an object keeps them in the order in which they came.
  return { ...session, _chains: Object.fromEntries(Object.entries(session._chains).filter(([key]) => !old.has(key))) };
}

/** Each on a copy of its own; the one that opened the message comes to the front. */
export async function tryOnCopies(
  message: Buffer,
  candidates: readonly SavedSession[],
  known: readonly SavedSession[],
  cipher: Cipher,
): Promise<Opened> {
  const failures: unknown[] = [];
  for (const candidate of candidates) {
    const copy = openRecord(recordOf([candidate])).getSessions()[0];
    if (!copy) throw new Error('libsignal lost a session');
    try {
      const plain = await cipher.doDecryptWhisperMessage(message, copy);
      return { plain, sessions: [withoutOldChains(copy.serialize()), ...known.filter((one) => one !== candidate)] };
    } catch (error) {
      failures.push(error);
    }
  }
  throw undecryptable(failures);
}

/** As libsignal does it: the last used first, in place, and what the failed tries broke is kept. */
export async function tryInOneRecord(
  message: Buffer,
  candidates: readonly SavedSession[],
  known: readonly SavedSession[],
  cipher: Cipher,
): Promise<Opened> {
  const all = candidates.some((one) => !known.includes(one)) ? [...candidates, ...known] : [...known];
  const record = openRecord(recordOf(all));
  const failures: unknown[] = [];
  for (const session of record.getSessions()) {
    try {
      const plain = await cipher.doDecryptWhisperMessage(message, session);
      session.indexInfo.used = Date.now();
      const after = record.serialize()._sessions;
      return { plain, sessions: all.map((one) => withoutOldChains(after[one.indexInfo.baseKey] ?? one)) };
    } catch (error) {
      failures.push(error);
    }
  }
  throw undecryptable(failures);
}

function undecryptable(failures: readonly unknown[]): Error {
  if (failures.length === 0) return new Error('no session with the sender');
  return new Error(`no session opens it: ${failures.map(String).join('; ')}`, { cause: failures[0] });
}

export function recordOf(sessions: readonly SavedSession[]): SessionRecord {
  const saved: SavedRecord = {
    _sessions: Object.fromEntries(sessions.map((session) => [session.indexInfo.baseKey, session])),
    version: 'v1',
  };
  // The typing says bytes; the code takes the JSON tree that serialize() gives.
  return SessionRecord.deserialize(saved as unknown as Uint8Array);
}

export function openRecord(record: SessionRecord): OpenRecord {
  return record as unknown as OpenRecord;
}
