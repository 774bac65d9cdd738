/**
 * Which session opens a message.
 *
 * Given a record with several sessions, the bridge (and libsignal (npm) too) tries the current one first, steps its ratchet
 * in place, fails the MAC, does not roll back, and stores the damaged session: everything the peer later sends on it is lost.
 * It needs only a re-made session crossing a message in flight, and Baileys re-makes sessions after each expiry of its
 * device cache. Of about 4,270 messages 373 were undecryptable that way, none with this guard (facts: signal-in-wasm P1).
 *
 * So each session is tried alone, on a copy; only the one that opened the message is changed, and comes first.
 */
import * as bridge from './bridge.ts';
import { SignalError } from './errors.ts';
import { factsOf, preKeyFactsOf, ratchetKeyOf, recordOf, type Session, sameBytes, sessionsOf } from './record.ts';

export interface Opened {
  readonly plaintext: Uint8Array;
  /** What the record holds from now on. */
  readonly sessions: readonly Session[];
}

/** Opens a `msg`. Sessions that do not fit are left as they were, to the byte. */
export async function openMessage(
  own: bridge.OwnKeys,
  sessions: readonly Session[],
  ciphertext: Uint8Array,
): Promise<Opened> {
  let failure: unknown = new SignalError('no_session', 'No session record');
  for (const [i, session] of candidates(sessions, ciphertext).entries()) {
    try {
      const { plaintext, record } = await bridge.decrypt(own, recordOf(session), ciphertext);
      return { plaintext, sessions: replaced(sessions, session, record) };
    } catch (error) {
      // "Duplicate" is said only by the session that the message belongs to; otherwise the current session's word counts.
      if (i === 0 || (error instanceof SignalError && error.fault === 'duplicate')) failure = error;
    }
  }
  throw failure;
}

/** The session that has a chain for the message's ratchet key, or all of them when the peer has stepped to a new key. */
function candidates(sessions: readonly Session[], ciphertext: Uint8Array): readonly Session[] {
  if (sessions.length < 2) return sessions;
  const ratchetKey = ratchetKeyOf(ciphertext);
  const owners = sessions.filter((s) => factsOf(s).ratchetKeys.some((key) => sameBytes(key, ratchetKey)));
  return owners.length ? owners : sessions;
}

/** The session that a `pkmsg` has already made here; undefined when it would make one. */
export function sessionMadeBy(sessions: readonly Session[], ciphertext: Uint8Array): Session | undefined {
  const { baseKey } = preKeyFactsOf(ciphertext);
  return sessions.find((session) => sameBytes(factsOf(session).baseKey, baseKey));
}

/**
 * Opens a `pkmsg`, on `made` or on a new session. A new one keeps older sessions of the same identity only: those of
 * another identity end here, as in stock (saveIdentity), but after the message has been authenticated, not before.
 */
export async function openPreKeyMessage(
  own: bridge.OwnKeys,
  sessions: readonly Session[],
  made: Session | undefined,
  preKeys: bridge.OwnPreKeys,
  ciphertext: Uint8Array,
): Promise<Opened & { spentPreKey: number | undefined; identityChanged: boolean }> {
  const { plaintext, record, spentPreKey } = await bridge.decryptPreKey(
    own,
    made && recordOf(made),
    preKeys,
    ciphertext,
  );
  if (made) {
    return { plaintext, sessions: replaced(sessions, made, record), spentPreKey: undefined, identityChanged: false };
  }
  const fresh = onlySession(record);
  const identity = factsOf(fresh).remoteIdentity;
  const kept = sessions.filter((session) => sameBytes(factsOf(session).remoteIdentity, identity));
  return {
    plaintext,
    sessions: [fresh, ...kept],
    spentPreKey,
    identityChanged: kept.length < sessions.length,
  };
}

export function onlySession(record: Uint8Array): Session {
  const [session] = sessionsOf(record);
  if (!session) throw new SignalError('unknown', 'The operation gave no session');
  return session;
}

export function replaced(sessions: readonly Session[], old: Session, record: Uint8Array): readonly Session[] {
  return [onlySession(record), ...sessions.filter((session) => session !== old)];
}
