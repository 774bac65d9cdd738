/**
 * Stored Signal records.
 *
 * A session row is one format byte (0x01) and libsignal's `RecordStructure`: field 1 the current session, field 2 the older
 * ones, newest first. A sender-key row is the byte and `SenderKeyRecordStructure`; an identity row is the byte and the 33
 * bytes of the key. The byte tells the next format from this one: the bridge itself cannot (`SessionRecord.deserialize`
 * gives an empty record for junk, which looks like "no session").
 *
 * We cut records into single sessions, because the bridge damages the current session while it tries it for a message
 * that belongs to an older one (P1; test/signal/guard.test.ts shows it).
 */
import { SignalError, UnreadableKeyError } from './errors.ts';

const FORMAT = 0x01;
/** libsignal's own limit (ARCHIVED_STATES_MAX_LENGTH), and that of libsignal (npm). */
const OLDER_SESSIONS_KEPT = 40;

/** One `SessionStructure`. The bytes are never changed in place. */
export interface Session {
  readonly bytes: Uint8Array;
}

export interface SessionFacts {
  /** 33 bytes, proved by the MAC of every message that this session opened. */
  readonly remoteIdentity: Uint8Array;
  readonly remoteRegistrationId: number | undefined;
  /** 33 bytes; names the session on both sides. */
  readonly baseKey: Uint8Array;
  /** False without a sending chain, and with one whose key was erased (`withoutSendingKeys`). */
  readonly canSend: boolean;
  /** The peer's ratchet keys that this session holds a chain for: a message names its chain by this key. */
  readonly ratchetKeys: readonly Uint8Array[];
}

interface Field {
  readonly number: number;
  readonly value: number;
  /** Present for length-delimited fields. */
  readonly bytes: Uint8Array | undefined;
}

class Malformed extends Error {}

/** The fields of one protobuf message, wire types 0 and 2, which is all that Signal's records and messages use. */
function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Malformed('it ends inside a number');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new Malformed('a number is too long');
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const wire = key % 8;
    if (number === 0) throw new Malformed('a field has no number');
    if (wire === 0) {
      fields.push({ number, value: varint(), bytes: undefined });
    } else if (wire === 2) {
      const length = varint();
      if (length > bytes.length - at) throw new Malformed('it ends inside a field');
      fields.push({ number, value: 0, bytes: bytes.subarray(at, at + length) });
      at += length;
    } else {
      throw new Malformed('a field has an unknown kind');
    }
  }
  return fields;
}

function sized(field: Field | undefined, length: number, what: string): Uint8Array {
  if (field?.bytes?.length !== length) throw new Malformed(`${what} is missing or has a wrong length`);
  return field.bytes;
}

function checkChainKey(chain: readonly Field[], what: string): Uint8Array {
  const chainKey = chain.find((f) => f.number === 3)?.bytes;
  if (!chainKey) throw new Malformed(`${what} has no key`);
  return sized(
    fieldsOf(chainKey).find((f) => f.number === 2),
    32,
    `the key of ${what}`,
  );
}

function readFacts(bytes: Uint8Array): SessionFacts {
  const fields = fieldsOf(bytes);
  const last = (number: number) => fields.findLast((f) => f.number === number);
  if (last(1)?.value !== 3) throw new Malformed('a session has no known version');
  sized(last(2), 33, 'the own identity');
  sized(last(4), 32, 'the root key');
  const sender = last(6)?.bytes;
  let canSend = false;
  if (sender) {
    const chain = fieldsOf(sender);
    sized(
      chain.find((f) => f.number === 1),
      33,
      'the own ratchet key',
    );
    sized(
      chain.find((f) => f.number === 2),
      32,
      'the own ratchet secret',
    );
    canSend = checkChainKey(chain, 'the sending chain').some((byte) => byte !== 0);
  }
  const ratchetKeys = fields
    .filter((f) => f.number === 7)
    .map((f) => {
      const chain = fieldsOf(f.bytes ?? new Uint8Array(0));
      checkChainKey(chain, 'a receiving chain');
      return sized(
        chain.find((c) => c.number === 1),
        33,
        "the peer's ratchet key",
      );
    });
  return {
    remoteIdentity: sized(last(3), 33, "the peer's identity"),
    remoteRegistrationId: last(10)?.value,
    baseKey: sized(last(13), 33, 'the base key'),
    canSend,
    ratchetKeys,
  };
}

// Asked for on some paths only, and then more than once.
const known = new WeakMap<Session, SessionFacts>();

export function factsOf(session: Session): SessionFacts {
  let facts = known.get(session);
  if (!facts) {
    facts = readFacts(session.bytes);
    known.set(session, facts);
  }
  return facts;
}

/** The sessions in a record of the bridge, current first. */
export function sessionsOf(record: Uint8Array): Session[] {
  let current: Session | undefined;
  const older: Session[] = [];
  for (const { number, bytes } of fieldsOf(record)) {
    if (!bytes || (number !== 1 && number !== 2)) throw new Malformed('it is no session record');
    if (number === 2) older.push({ bytes });
    else if (current) throw new Malformed('it has two current sessions');
    else current = { bytes };
  }
  return current ? [current, ...older] : older;
}

/** One session alone, as a record that the bridge takes. */
export function recordOf(session: Session): Uint8Array {
  return joined([session], 0);
}

function joined(sessions: readonly Session[], reserve: number): Uint8Array {
  const heads = sessions.map((s, i) => lengthHead(i === 0 ? 0x0a : 0x12, s.bytes.length));
  const size = sessions.reduce((sum, s, i) => sum + (heads[i]?.length ?? 0) + s.bytes.length, reserve);
  const out = new Uint8Array(size);
  let at = reserve;
  sessions.forEach((session, i) => {
    const head = heads[i] ?? [];
    out.set(head, at);
    at += head.length;
    out.set(session.bytes, at);
    at += session.bytes.length;
  });
  return out;
}

function lengthHead(key: number, length: number): number[] {
  const head = [key];
  let rest = length;
  while (rest > 0x7f) {
    head.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  head.push(rest);
  return head;
}

/** Current first; the same session once; no more older ones than libsignal keeps. */
export function mergeSessions(first: readonly Session[], then: readonly Session[]): Session[] {
  const seen = new Set<string>();
  return [...first, ...then]
    .filter((session) => {
      const name = Buffer.from(factsOf(session).baseKey).toString('latin1');
      return !seen.has(name) && seen.add(name);
    })
    .slice(0, OLDER_SESSIONS_KEPT + 1);
}

export function encodeSessions(sessions: readonly Session[]): Uint8Array {
  const out = joined(sessions, 1);
  out[0] = FORMAT;
  return out;
}

/** Throws UnreadableKeyError for anything that is not a record of ours with at least one whole session. */
export function decodeSessions(stored: Uint8Array, id: string): Session[] {
  return reading('session', id, stored, (body) => {
    const sessions = sessionsOf(body);
    if (sessions.length === 0) throw new Malformed('there is no session in it');
    for (const session of sessions) factsOf(session);
    return sessions;
  });
}

/**
 * The same sessions, for a device that was restored from a backup: messages that were sent after the backup have used the keys that
 * come next, and a key that is used twice makes what its reader cannot open. So the key of each sending chain is erased. Such a session
 * still opens what the peer sends, and may send again as soon as the peer's answer has given it a new chain; until then Baileys is told
 * that there is none, and makes a new one.
 */
export function withoutSendingKeys(stored: Uint8Array, id: string): Uint8Array {
  const sessions = decodeSessions(stored, id).map(({ bytes }) => {
    const erased = Uint8Array.from(bytes);
    const sender = fieldsOf(erased).findLast((f) => f.number === 6)?.bytes;
    if (sender) checkChainKey(fieldsOf(sender), 'the sending chain').fill(0);
    return { bytes: erased };
  });
  return encodeSessions(sessions);
}

/** The bridge's sender-key record or an identity key, behind the format byte. */
export function encodeTagged(body: Uint8Array): Uint8Array {
  const out = new Uint8Array(body.length + 1);
  out[0] = FORMAT;
  out.set(body, 1);
  return out;
}

export function decodeSenderKey(stored: Uint8Array, id: string): Uint8Array {
  return reading('sender-key', id, stored, (body) => {
    const states = fieldsOf(body);
    if (states.length === 0) throw new Malformed('there is no sender key in it');
    for (const state of states) {
      if (state.number !== 1 || !state.bytes) throw new Malformed('it is no sender-key record');
      const fields = fieldsOf(state.bytes);
      const part = (number: number) => fieldsOf(fields.find((f) => f.number === number)?.bytes ?? new Uint8Array(0));
      sized(
        part(2).find((f) => f.number === 2),
        32,
        'the chain key',
      );
      sized(
        part(3).find((f) => f.number === 1),
        33,
        'the signing key',
      );
    }
    return body;
  });
}

export function decodeIdentity(stored: Uint8Array, id: string): Uint8Array {
  return reading('identity-key', id, stored, (body) => {
    if (body.length !== 33) throw new Malformed('its length is wrong');
    return body;
  });
}

function reading<T>(type: string, id: string, stored: Uint8Array, read: (body: Uint8Array) => T): T {
  try {
    if (stored[0] !== FORMAT) throw new Malformed(stored.length ? 'its format is unknown' : 'it is empty');
    return read(stored.subarray(1));
  } catch (error) {
    if (error instanceof Malformed) throw new UnreadableKeyError(type, id, error.message);
    throw error;
  }
}

/** The peer's ratchet key that a `msg` names. */
export function ratchetKeyOf(message: Uint8Array): Uint8Array {
  return messageField(message.subarray(1, -8), 1, 'Invalid WhisperMessage format');
}

export interface PreKeyFacts {
  readonly preKeyId: number | undefined;
  readonly baseKey: Uint8Array;
}

/** What a `pkmsg` says about its session. Nothing of it is authenticated before the message has been decrypted. */
export function preKeyFactsOf(message: Uint8Array): PreKeyFacts {
  const body = message.subarray(1);
  const baseKey = messageField(body, 2, 'Invalid PreKeyMessage format');
  return { baseKey, preKeyId: fieldsOf(body).findLast((f) => f.number === 1 && !f.bytes)?.value };
}

function messageField(body: Uint8Array, number: number, complaint: string): Uint8Array {
  let found: Uint8Array | undefined;
  try {
    found = fieldsOf(body).findLast((f) => f.number === number)?.bytes;
  } catch {
    found = undefined;
  }
  if (found?.length !== 33) throw new SignalError('not_a_message', complaint);
  return found;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
