/** Two ways to hold Signal keys, to talk to each other in these tests: our repository on a memory, and libsignal (npm). */
import { createHash, randomBytes } from 'node:crypto';
import {
  addTransactionCapability,
  BufferJSON,
  Curve,
  initAuthCreds,
  type SignalDataTypeMap,
  type SignalKeyStore,
  type SignalRepositoryWithLIDStore,
} from 'baileys';
import * as libsignal from 'libsignal';
import * as curve from 'libsignal/src/curve.js';
import pino from 'pino';
import type { DeviceMemory, JournalEntry, KeyChange, KeyType } from '../../src/whatsapp/memory.ts';
import {
  createSignalRepository,
  type SignalRepositoryFactory,
  type SignalRepositoryOptions,
} from '../../src/whatsapp/signal/index.ts';

export const silent = pino({ level: 'silent' });

/** Seeded, so that a failure can be played again (mulberry32). */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface TestMemory extends DeviceMemory {
  /** What a process started now would find. */
  readonly durable: Map<string, Uint8Array>;
  readonly journal: Map<string, JournalEntry>;
  latencyMs: number;
  /** Thrown by the next writes, as often as said. */
  failing: { times: number; error: Error } | undefined;
  reads: number;
  writes: number;
  /** A copy of what is durable at this instant: what is left after a SIGKILL. */
  crash(): TestMemory;
}

export function createMemory(
  durable = new Map<string, Uint8Array>(),
  journal = new Map<string, JournalEntry>(),
): TestMemory {
  const wait = async () => {
    if (memory.latencyMs) await new Promise((resolve) => setTimeout(resolve, memory.latencyMs));
  };
  const memory: TestMemory = {
    durable,
    journal,
    latencyMs: 0,
    failing: undefined,
    reads: 0,
    writes: 0,
    crash: () => createMemory(new Map(durable), new Map(journal)),
    readCreds: async () => undefined,
    writeCreds: async () => undefined,
    async readKeys(type, ids) {
      memory.reads += 1;
      await wait();
      const found = new Map<string, Uint8Array>();
      for (const id of ids) {
        const value = durable.get(`${type} ${id}`);
        if (value) found.set(id, value);
      }
      return found;
    },
    async writeKeys(changes: readonly KeyChange[], entry) {
      memory.writes += 1;
      await wait();
      if (memory.failing && memory.failing.times > 0) {
        memory.failing.times -= 1;
        throw memory.failing.error;
      }
      for (const { type, id, value } of changes) {
        if (value) durable.set(`${type} ${id}`, Uint8Array.from(value));
        else durable.delete(`${type} ${id}`);
      }
      if (entry) journal.set(hex(entry.hash), entry);
    },
    async readJournal(hash) {
      memory.reads += 1;
      await wait();
      return journal.get(hex(hash))?.plaintext;
    },
  };
  return memory;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export interface Bundle {
  registrationId: number;
  identityKey: Uint8Array;
  signedPreKey: { keyId: number; publicKey: Uint8Array; signature: Uint8Array };
  preKey?: { keyId: number; publicKey: Uint8Array };
}

export interface Party {
  bundle(withPreKey: boolean): Promise<Bundle>;
  inject(bundle: Bundle): Promise<void>;
  encrypt(text: string): Promise<{ type: 'pkmsg' | 'msg'; ciphertext: Uint8Array }>;
  decrypt(type: 'pkmsg' | 'msg', ciphertext: Uint8Array): Promise<string>;
}

export interface Device extends Party {
  readonly memory: TestMemory;
  readonly factory: SignalRepositoryFactory;
  readonly repository: SignalRepositoryWithLIDStore;
  readonly keys: SignalKeyStore;
  readonly creds: ReturnType<typeof initAuthCreds>;
  /** The same device in a new process: only what was durable is left. */
  restart(options?: Partial<SignalRepositoryOptions>): Device;
}

/** Our repository as Baileys drives it: its creds, its transaction wrapper, rows as the auth state would write them. */
export function createDevice(
  peerJid: string,
  options: Partial<SignalRepositoryOptions> = {},
  memory = createMemory(),
  creds = initAuthCreds(),
  counter = { preKey: 1 },
): Device {
  const factory = createSignalRepository({ now: Date.now, ...options, memory });
  const base: SignalKeyStore = {
    async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      const found: { [id: string]: SignalDataTypeMap[T] } = {};
      for (const [id, bytes] of await memory.readKeys(type, ids)) {
        found[id] = JSON.parse(Buffer.from(bytes).toString(), BufferJSON.reviver);
      }
      return found;
    },
    async set(data) {
      const changes: KeyChange[] = [];
      for (const [type, rows] of Object.entries(data) as [KeyType, Record<string, unknown>][]) {
        for (const [id, value] of Object.entries(rows)) {
          const bytes = value === null ? null : Buffer.from(JSON.stringify(value, BufferJSON.replacer));
          changes.push({ type, id, value: bytes });
        }
      }
      await memory.writeKeys(changes);
      for (const { type, id } of changes) factory.forget(type, [id]);
    },
  };
  const keys = addTransactionCapability(base, silent, { maxCommitRetries: 1, delayBetweenTriesMs: 1 });
  const repository = factory({ creds, keys }, silent, async () => []);
  return {
    memory,
    factory,
    repository,
    keys,
    creds,
    restart: (more = {}) => createDevice(peerJid, { ...options, ...more }, memory.crash(), creds, counter),
    async bundle(withPreKey) {
      const bundle: Bundle = {
        registrationId: creds.registrationId,
        identityKey: prefixed(creds.signedIdentityKey.public),
        signedPreKey: {
          keyId: creds.signedPreKey.keyId,
          publicKey: prefixed(creds.signedPreKey.keyPair.public),
          signature: creds.signedPreKey.signature,
        },
      };
      if (!withPreKey) return bundle;
      const keyId = counter.preKey++;
      const pair = Curve.generateKeyPair();
      await keys.set({ 'pre-key': { [keyId]: pair } });
      return { ...bundle, preKey: { keyId, publicKey: prefixed(pair.public) } };
    },
    inject: (bundle) => repository.injectE2ESession({ jid: peerJid, session: bundle }),
    encrypt: (text) => repository.encryptMessage({ jid: peerJid, data: Buffer.from(text) }),
    async decrypt(type, ciphertext) {
      return Buffer.from(await repository.decryptMessage({ jid: peerJid, type, ciphertext })).toString();
    },
  };
}

export function prefixed(key: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([5]), key]);
}

interface RecordJson {
  _sessions: Record<string, { indexInfo: { used: number; closed: number } }>;
  version: string;
}
type Storage = libsignal.SignalStorage & { record: RecordJson | undefined };
const SessionRecord = libsignal.SessionRecord as unknown as {
  deserialize(json: RecordJson): libsignal.SessionRecord;
};

/**
 * A contact on libsignal (npm), as a correct phone behaves: each candidate session is tried on a fresh copy. The stock
 * package steps the ratchet of a session that does not fit (P1); such a contact's failures would be blamed on us.
 */
export function createContact(): Party & { identity: { pubKey: Buffer; privKey: Buffer } } {
  const identity = curve.generateKeyPair() as { pubKey: Buffer; privKey: Buffer };
  const signed = curve.generateKeyPair() as { pubKey: Buffer; privKey: Buffer };
  const signature = Curve.sign(identity.privKey, signed.pubKey);
  const registrationId = 1 + (randomBytes(2).readUInt16BE() & 0x3fff);
  const preKeys = new Map<number, { pubKey: Buffer; privKey: Buffer }>();
  const address = new libsignal.ProtocolAddress('us', 0);
  let nextPreKey = 1;
  let stored: RecordJson | undefined;

  // libsignal queues jobs by address in a module-wide map, so the address may be shared, but not two jobs at once on one record.
  let tail: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = tail.then(work);
    tail = turn.catch(() => undefined);
    return turn;
  };

  function storageOf(record: RecordJson | undefined): Storage {
    const storage: Storage = {
      record,
      loadSession: async () =>
        storage.record ? SessionRecord.deserialize(structuredClone(storage.record)) : undefined,
      storeSession: async (_id, session) => {
        storage.record = structuredClone(session.serialize()) as unknown as RecordJson;
      },
      isTrustedIdentity: () => true,
      loadPreKey: async (id) => preKeys.get(Number(id)),
      removePreKey: (id) => void preKeys.delete(Number(id)),
      loadSignedPreKey: () => signed,
      getOurRegistrationId: () => registrationId,
      getOurIdentity: () => identity,
    };
    return storage;
  }

  async function decryptWhisper(ciphertext: Buffer): Promise<Buffer> {
    const sessions = Object.entries(stored?._sessions ?? {}).sort((a, b) => b[1].indexInfo.used - a[1].indexInfo.used);
    let failure: unknown = new Error('the contact has no session');
    for (const [name, session] of sessions) {
      const storage = storageOf({ _sessions: { [name]: structuredClone(session) }, version: stored?.version ?? 'v1' });
      try {
        const plaintext = await new libsignal.SessionCipher(storage, address).decryptWhisperMessage(ciphertext);
        const advanced = storage.record?._sessions[name];
        if (stored && advanced) stored._sessions[name] = advanced;
        return plaintext;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  return {
    identity,
    async bundle(withPreKey) {
      const bundle = {
        registrationId,
        identityKey: identity.pubKey,
        signedPreKey: { keyId: 1, publicKey: signed.pubKey, signature },
      };
      if (!withPreKey) return bundle;
      const keyId = nextPreKey++;
      const pair = curve.generateKeyPair() as { pubKey: Buffer; privKey: Buffer };
      preKeys.set(keyId, pair);
      return { ...bundle, preKey: { keyId, publicKey: pair.pubKey } };
    },
    inject: (bundle) =>
      inTurn(async () => {
        const storage = storageOf(stored);
        const buffered = {
          registrationId: bundle.registrationId,
          identityKey: Buffer.from(bundle.identityKey),
          signedPreKey: { ...bundle.signedPreKey, publicKey: Buffer.from(bundle.signedPreKey.publicKey) },
          ...(bundle.preKey && { preKey: { ...bundle.preKey, publicKey: Buffer.from(bundle.preKey.publicKey) } }),
        };
        await new libsignal.SessionBuilder(storage, address).initOutgoing(
          buffered as Parameters<libsignal.SessionBuilder['initOutgoing']>[0],
        );
        stored = storage.record;
      }),
    encrypt: (text) =>
      inTurn(async () => {
        const storage = storageOf(stored);
        const { type, body } = await new libsignal.SessionCipher(storage, address).encrypt(Buffer.from(text));
        stored = storage.record;
        return { type: type === 3 ? ('pkmsg' as const) : ('msg' as const), ciphertext: Buffer.from(body, 'binary') };
      }),
    decrypt: (type, ciphertext) =>
      inTurn(async () => {
        const bytes = Buffer.from(ciphertext);
        if (type === 'msg') return (await decryptWhisper(bytes)).toString();
        const storage = storageOf(stored);
        const plaintext = await new libsignal.SessionCipher(storage, address).decryptPreKeyWhisperMessage(bytes);
        stored = storage.record;
        return plaintext.toString();
      }),
  };
}

/** A first message of ours and an answer, so that both sides have a session that has turned once. */
export async function acquaint(us: Party, them: Party): Promise<void> {
  await us.inject(await them.bundle(true));
  const hello = await us.encrypt('hello');
  await them.decrypt(hello.type, hello.ciphertext);
  const answer = await them.encrypt('hello yourself');
  await us.decrypt(answer.type, answer.ciphertext);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
