import { randomInt } from 'node:crypto';
import { ProtocolAddress, SessionBuilder, SessionCipher, SessionRecord, type SignalStorage } from 'libsignal';
import type { Bundle, OneTimeKey, PublicKeys } from './directory.ts';
import { type KeyPair, newKeyPair, newSignedKey, type SignedKey, withoutType, withType } from './keys.ts';
import { type Cipher, openRecord, recordOf, type SavedSession, tryInOneRecord, tryOnCopies } from './signal-trial.ts';
import type { Store, Write } from './store.ts';
import { ratchetStep, readPreKeyMessage } from './wire.ts';

interface Builder {
  initIncoming(record: SessionRecord, message: object): Promise<number | undefined>;
}

interface DeviceSecrets {
  readonly registrationId: number;
  readonly identity: KeyPair;
  readonly signed: SignedKey;
  nextOneTime: number;
}

export interface Encrypted {
  readonly type: 'pkmsg' | 'msg';
  readonly body: Buffer;
}

/** Real phones keep forty archived sessions for each peer device. */
const SESSIONS_KEPT = 40;

/**
 * The private half of a simulated device and its 1:1 sessions, on libsignal.
 *
 * A list of sessions is kept for each peer device, the one to send with first. Each candidate is tried **on a fresh
 * copy**: libsignal steps the ratchet before it checks the MAC and does not roll back, so a failed try on a session
 * damages it for good (1,307 undecryptable of 4,270 messages in a run with re-made sessions, 0 with copies). With
 * `faultyTrial` the tries share one record as in the library itself, for tests that want that peer.
 */
export class SignalDevice {
  readonly address: string;
  faultyTrial = false;
  readonly #store: Store;
  readonly #secrets: DeviceSecrets;
  readonly #oneTime = new Map<number, KeyPair>();
  readonly #sessions = new Map<string, SavedSession[]>();

  constructor(address: string, store: Store, kept: KeptSignal) {
    this.address = address;
    this.#store = store;
    const secrets = kept.secrets.get(address);
    if (secrets) this.#secrets = secrets;
    else {
      const identity = newKeyPair();
      const signed = newSignedKey(identity, 1);
      this.#secrets = { registrationId: randomInt(1, 16380), identity, signed, nextOneTime: 1 };
      store.commit([{ kind: 'handset', id: address, value: this.#secrets }]);
    }
    for (const [id, pair] of kept.oneTime.get(address) ?? []) this.#oneTime.set(id, pair);
    for (const [peer, sessions] of kept.sessions.get(address) ?? []) this.#sessions.set(peer, sessions);
  }

  get identity(): KeyPair {
    return this.#secrets.identity;
  }

  get publicKeys(): PublicKeys {
    const { registrationId, identity, signed } = this.#secrets;
    return {
      registrationId,
      identity: identity.public,
      signed: { id: signed.id, key: signed.pair.public, signature: signed.signature },
    };
  }

  /** A new one-time key for who wants to write to this device. */
  newOneTimeKey(): OneTimeKey {
    const id = this.#secrets.nextOneTime;
    this.#secrets.nextOneTime = (id % 0xfffffe) + 1;
    const pair = newKeyPair();
    this.#oneTime.set(id, pair);
    this.#store.commit([
      { kind: 'handset', id: this.address, value: this.#secrets },
      { kind: 'handset-key', id: `${this.address}/${id}`, value: pair },
    ]);
    return { id, key: pair.public };
  }

  hasSession(peer: string): boolean {
    return (this.#sessions.get(peer)?.length ?? 0) > 0;
  }

  /** Forgets all sessions with a peer device: what a restored backup or a lost database looks like. */
  dropSessions(peer: string): void {
    this.#sessions.delete(peer);
    this.#store.commit([{ kind: 'session', id: `${this.address}/${peer}` }]);
  }

  peers(): string[] {
    return [...this.#sessions.keys()];
  }

  async startSession(peer: string, bundle: Bundle): Promise<void> {
    const opened: SavedSession[] = [];
    const builder = new SessionBuilder(this.#storage(undefined, opened), protocolAddress(peer));
    const { registrationId, identity, signed, oneTime } = bundle;
    const device = {
      registrationId,
      identityKey: withType(identity),
      signedPreKey: { keyId: signed.id, publicKey: withType(signed.key), signature: signed.signature },
      ...(oneTime ? { preKey: { keyId: oneTime.id, publicKey: withType(oneTime.key) } } : {}),
    };
    // libsignal's typing wants the one-time key always; the protocol and its code do not.
    await builder.initOutgoing(device as Parameters<SessionBuilder['initOutgoing']>[0]);
    this.#sessions.set(peer, [...opened, ...(this.#sessions.get(peer) ?? [])].slice(0, SESSIONS_KEPT));
    this.#store.commit([this.#sessionWrite(peer)]);
  }

  async encrypt(peer: string, plain: Uint8Array): Promise<Encrypted> {
    const [current, ...older] = this.#sessions.get(peer) ?? [];
    if (!current) throw new Error(`${this.address} has no session with ${peer}`);
    const saved: SavedSession[] = [];
    const cipher = this.#cipher(peer, current, saved);
    const { type, body } = await cipher.encrypt(Buffer.from(plain));
    this.#sessions.set(peer, [...saved, ...older]);
    this.#store.commit([this.#sessionWrite(peer)]);
    return { type: type === 3 ? 'pkmsg' : 'msg', body: Buffer.from(body) };
  }

  /** Decrypts, or throws and leaves everything as it was. The writes go out with the caller's own. */
  async decrypt(peer: string, type: 'pkmsg' | 'msg', body: Buffer): Promise<{ plain: Buffer; writes: Write[] }> {
    const known = this.#sessions.get(peer) ?? [];
    const { message, candidates, usedKey } = await this.#candidates(peer, type, body, known);
    const attempt = this.faultyTrial ? tryInOneRecord : tryOnCopies;
    const { plain, sessions } = await attempt(message, candidates, known, this.#cipher(peer));
    this.#sessions.set(peer, sessions.slice(0, SESSIONS_KEPT));
    const writes = [this.#sessionWrite(peer)];
    if (usedKey !== undefined) {
      this.#oneTime.delete(usedKey);
      writes.push({ kind: 'handset-key', id: `${this.address}/${usedKey}` });
    }
    return { plain, writes };
  }

  async #candidates(peer: string, type: 'pkmsg' | 'msg', body: Buffer, known: readonly SavedSession[]) {
    if (type === 'msg') return { message: body, candidates: likelyFirst(known, body), usedKey: undefined };
    const fields = readPreKeyMessage(body);
    const baseKey = fields.baseKey.toString('base64');
    const same = known.find((session) => session.indexInfo.baseKey === baseKey);
    // The peer repeats the pre-key message until it has heard from us.
    if (same) return { message: fields.message, candidates: [same], usedKey: undefined };
    const record = new SessionRecord();
    const builder = new SessionBuilder(this.#storage(undefined, []), protocolAddress(peer)) as unknown as Builder;
    const usedKey = await builder.initIncoming(record, { ...fields, preKeyId: fields.preKeyId ?? 0 });
    const made = openRecord(record).getSessions()[0];
    if (!made) throw new Error('libsignal made no session');
    return { message: fields.message, candidates: [made.serialize()], usedKey: usedKey || undefined };
  }

  #cipher(peer: string, session?: SavedSession, saved: SavedSession[] = []): Cipher {
    return new SessionCipher(this.#storage(session, saved), protocolAddress(peer)) as unknown as Cipher;
  }

  #sessionWrite(peer: string): Write {
    return { kind: 'session', id: `${this.address}/${peer}`, value: this.#sessions.get(peer) };
  }

  #storage(session: SavedSession | undefined, saved: SavedSession[]): SignalStorage {
    const { identity, signed, registrationId } = this.#secrets;
    const pair = ({ public: pub, private: priv }: KeyPair) => ({ pubKey: withType(pub), privKey: priv });
    return {
      loadSession: async () => (session ? recordOf([session]) : undefined),
      storeSession: async (_id, record) => {
        for (const one of openRecord(record).getSessions()) saved.push(one.serialize());
      },
      isTrustedIdentity: () => true,
      loadPreKey: async (id) => {
        const key = this.#oneTime.get(Number(id));
        return key && pair(key);
      },
      removePreKey: () => undefined,
      loadSignedPreKey: () => pair(signed.pair),
      getOurRegistrationId: () => registrationId,
      getOurIdentity: () => pair(identity),
    };
  }
}

/** Sessions that already know the sender's ratchet key come first: nearly always the right one. */
function likelyFirst(sessions: readonly SavedSession[], body: Buffer): SavedSession[] {
  const { chain } = ratchetStep('msg', body);
  const knows = (session: SavedSession) => chain in session._chains;
  return [...sessions.filter(knows), ...sessions.filter((session) => !knows(session))];
}

function protocolAddress(address: string): ProtocolAddress {
  const [user = '', device] = address.split(':');
  return new ProtocolAddress(user, Number(device));
}

/** What the store kept of all simulated devices, sorted by device once at the start. */
export interface KeptSignal {
  readonly secrets: Map<string, DeviceSecrets>;
  readonly oneTime: Map<string, [number, KeyPair][]>;
  readonly sessions: Map<string, [string, SavedSession[]][]>;
}

export function keptSignal(store: Store): KeptSignal {
  const kept: KeptSignal = { secrets: new Map(store.all('handset')), oneTime: new Map(), sessions: new Map() };
  for (const [id, pair] of store.all<KeyPair>('handset-key')) {
    const [address = '', key] = id.split('/');
    kept.oneTime.set(address, [...(kept.oneTime.get(address) ?? []), [Number(key), pair]]);
  }
  for (const [id, sessions] of store.all<SavedSession[]>('session')) {
    const [address = '', peer = ''] = id.split('/');
    kept.sessions.set(address, [...(kept.sessions.get(address) ?? []), [peer, sessions]]);
  }
  return kept;
}

export function bundleOf(keys: PublicKeys, oneTime: OneTimeKey | undefined): Bundle {
  return { ...keys, identity: withoutType(keys.identity), ...(oneTime ? { oneTime } : {}) };
}
