/**
 * The only file that touches `whatsapp-rust-bridge` (0.5.4, pinned). It takes bytes and gives bytes: a record goes in, the
 * answer and the advanced record come out, and nothing is stored here. Version 0.6 has this very shape (pure functions and
 * a change set: Baileys PR 2067), so the swap will stay in this file.
 *
 * The bridge asks for its storage through callbacks. Ours answer at once, from values fetched before: with any promise,
 * even a resolved one, concurrent operations read the same ratchet (1 of 4 messages decryptable; facts: signal-in-wasm P3).
 * So the callbacks never read a store and cannot throw. One cipher per operation, freed in `finally`: a second call on a
 * pending cipher, or a call after `free`, throws inside a microtask and takes the process down (P4).
 */
import {
  calculateSignature,
  GroupCipher,
  GroupSessionBuilder,
  ProtocolAddress,
  SenderKeyDistributionMessage,
  SenderKeyName,
  SessionBuilder,
  SessionCipher,
  type SignalStorage,
  verifySignature,
} from 'whatsapp-rust-bridge';
import { SignalError, translate } from './errors.ts';

/** Public keys have 33 bytes (0x05 in front), private keys 32: the bridge refuses others as `bad key type`. */
export interface KeyPair {
  readonly pubKey: Uint8Array;
  readonly privKey: Uint8Array;
}

export interface OwnKeys {
  readonly registrationId: number;
  readonly identity: KeyPair;
}

export interface Bundle {
  readonly registrationId: number;
  readonly identityKey: Uint8Array;
  readonly signedPreKey: { readonly keyId: number; readonly publicKey: Uint8Array; readonly signature: Uint8Array };
  readonly preKey?: { readonly keyId: number; readonly publicKey: Uint8Array } | undefined;
}

/** What a first message may need of our own keys. */
export interface OwnPreKeys {
  readonly signedPreKey: { readonly keyId: number; readonly keyPair: KeyPair; readonly signature: Uint8Array };
  readonly preKey: KeyPair | undefined;
}

/** A session record holding exactly one session, in the bridge's form (see record.ts). */
export type Record1 = Uint8Array;

export interface Advanced {
  readonly record: Uint8Array;
}

// The address is only a storage key to the bridge: it is in no MAC and no derivation (the tests talk to libsignal (npm)
// under other names). One object each for all operations; constructors copy them, and they are never freed.
const PEER = new ProtocolAddress('peer', 0);
const GROUP = 'group';
const SENDER = new SenderKeyName(GROUP, PEER);

interface Desk extends SignalStorage {
  /** Undocumented, preferred to `storeSession` when present; saves a wrapper that would have to be freed. */
  storeSessionRaw(address: string, record: Uint8Array): void;
  written: Uint8Array | undefined;
  spentPreKey: number | undefined;
}

function desk(own: OwnKeys | undefined, record: Uint8Array | undefined, preKeys?: OwnPreKeys): Desk {
  return {
    written: undefined,
    spentPreKey: undefined,
    loadSession: () => record,
    storeSessionRaw(_address, bytes) {
      this.written = bytes;
    },
    storeSession(_address, wrapper) {
      this.written = wrapper.serialize();
      wrapper.free();
    },
    getOurIdentity: () => own?.identity ?? { pubKey: new Uint8Array(0), privKey: new Uint8Array(0) },
    getOurRegistrationId: () => own?.registrationId ?? 0,
    // Trust on first use, like WhatsApp Web and stock Baileys.
    isTrustedIdentity: () => true,
    loadPreKey: () => preKeys?.preKey,
    removePreKey(id) {
      this.spentPreKey = id;
    },
    loadSignedPreKey: (id) => (preKeys?.signedPreKey.keyId === id ? preKeys.signedPreKey : undefined),
    loadSenderKey: () => record,
    storeSenderKey(_name, bytes) {
      this.written = bytes;
    },
  };
}

/** Runs one operation, frees its object, and turns what it throws into an Error. */
async function once<H extends { free(): void }, T>(open: () => H, work: (handle: H) => Promise<T>): Promise<T> {
  let handle: H | undefined;
  try {
    handle = open();
    return await work(handle);
  } catch (thrown) {
    throw translate(thrown);
  } finally {
    handle?.free();
  }
}

function written(storage: Desk): Uint8Array {
  if (!storage.written) throw new SignalError('unknown', 'The operation changed no record');
  return storage.written;
}

/** X3DH with a fetched bundle. The signature of the signed pre-key is checked; stock libsignal is called with "skip". */
export function openSession(own: OwnKeys, bundle: Bundle): Promise<Advanced> {
  const storage = desk(own, undefined);
  return once(
    () => new SessionBuilder(storage, PEER),
    async (builder) => {
      await builder.processPreKeyBundle({
        registrationId: bundle.registrationId,
        identityKey: bundle.identityKey,
        signedPreKey: bundle.signedPreKey,
        preKey: bundle.preKey,
      });
      return { record: written(storage) };
    },
  );
}

export function encrypt(
  own: OwnKeys,
  record: Record1,
  plaintext: Uint8Array,
): Promise<Advanced & { type: 'pkmsg' | 'msg'; ciphertext: Uint8Array }> {
  const storage = desk(own, record);
  return once(
    () => new SessionCipher(storage, PEER),
    async (cipher) => {
      const { type, body } = await cipher.encrypt(plaintext);
      // 3 is pkmsg; a plain message is 2 here and 1 in libsignal (npm).
      return { type: type === 3 ? 'pkmsg' : 'msg', ciphertext: body, record: written(storage) };
    },
  );
}

export function decrypt(
  own: OwnKeys,
  record: Record1,
  ciphertext: Uint8Array,
): Promise<Advanced & { plaintext: Uint8Array }> {
  const storage = desk(own, record);
  return once(
    () => new SessionCipher(storage, PEER),
    async (cipher) => {
      const plaintext = await cipher.decryptWhisperMessage(ciphertext);
      return { plaintext, record: written(storage) };
    },
  );
}

/** `record` is the session that the message belongs to, or undefined to make a new one. */
export function decryptPreKey(
  own: OwnKeys,
  record: Record1 | undefined,
  preKeys: OwnPreKeys,
  ciphertext: Uint8Array,
): Promise<Advanced & { plaintext: Uint8Array; spentPreKey: number | undefined }> {
  const storage = desk(own, record, preKeys);
  return once(
    () => new SessionCipher(storage, PEER),
    async (cipher) => {
      const plaintext = await cipher.decryptPreKeyWhisperMessage(ciphertext);
      return { plaintext, record: written(storage), spentPreKey: storage.spentPreKey };
    },
  );
}

/** Our own sender key, made when `record` is undefined, as the message that tells it to others. */
export function shareSenderKey(record: Uint8Array | undefined): Promise<Advanced & { skdm: Uint8Array }> {
  const storage = desk(undefined, record);
  return once(
    () => new GroupSessionBuilder(storage),
    async (builder) => {
      const message = await builder.create(SENDER);
      try {
        const record1 = storage.written ?? record;
        if (!record1) throw new SignalError('unknown', 'No sender key was made');
        return { skdm: message.serialize(), record: record1 };
      } finally {
        message.free();
      }
    },
  );
}

/** Learns a member's sender key. */
export function learnSenderKey(record: Uint8Array | undefined, skdm: Uint8Array): Promise<Advanced> {
  const storage = desk(undefined, record);
  return once(
    () => new GroupSessionBuilder(storage),
    async (builder) => {
      const message = SenderKeyDistributionMessage.deserialize(skdm);
      try {
        await builder.process(SENDER, message);
      } finally {
        message.free();
      }
      return { record: written(storage) };
    },
  );
}

export function encryptGroup(
  record: Uint8Array,
  plaintext: Uint8Array,
): Promise<Advanced & { ciphertext: Uint8Array }> {
  const storage = desk(undefined, record);
  return once(
    () => new GroupCipher(storage, GROUP, PEER),
    async (cipher) => {
      const ciphertext = await cipher.encrypt(plaintext);
      return { ciphertext, record: written(storage) };
    },
  );
}

export function decryptGroup(
  record: Uint8Array | undefined,
  ciphertext: Uint8Array,
): Promise<Advanced & { plaintext: Uint8Array }> {
  const storage = desk(undefined, record);
  return once(
    () => new GroupCipher(storage, GROUP, PEER),
    async (cipher) => {
      const plaintext = await cipher.decrypt(ciphertext);
      return { plaintext, record: written(storage) };
    },
  );
}

/** XEdDSA, 64 bytes. */
export function sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  try {
    return calculateSignature(privateKey, message);
  } catch (thrown) {
    throw translate(thrown);
  }
}

/** False for a wrong signature and for anything that is no key or no signature; never throws. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 33 || signature.length !== 64) return false;
  try {
    return verifySignature(publicKey, message, signature);
  } catch {
    return false;
  }
}
