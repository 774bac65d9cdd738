/**
 * What one linked device must remember to stay itself: its credentials and its Signal keys.
 *
 * The gateway implements this over the store and hands it in, so that `whatsapp/` knows no SQL. Values are encoded bytes;
 * what they mean is known in `auth-state.ts` (creds and Baileys' key types) and `signal/` (sessions, sender keys, identities).
 *
 * Hand in the same object for each connection of a device, one after the other: its lock and its caches belong to it.
 * `UnreadableKeyError` (signal/) and `SealBroken` (base/vault) say that a value exists and cannot be read; whatever else a call
 * throws says that the store failed. A call that takes longer than 2 s is given up and counts as failed.
 */
export interface DeviceMemory {
  /** The encoded credentials, or undefined for a device that was never paired. Throws when they exist but cannot be read. */
  readCreds(): Promise<Uint8Array | undefined>;
  /** Durable when it resolves. */
  writeCreds(bytes: Uint8Array): Promise<void>;
  /** Values by id; an id without a value is absent. Throws when a value exists but cannot be read: that is never "missing". */
  readKeys(type: KeyType, ids: readonly string[]): Promise<Map<string, Uint8Array>>;
  /**
   * All changes and the journal entry in one transaction, durable when it resolves; on a throw nothing was kept. Changes that are all
   * of the types `lid-mapping`, `device-list` and `sender-key-memory` may become durable later: with the next ones that are not.
   */
  writeKeys(changes: readonly KeyChange[], journal?: JournalEntry): Promise<void>;
  /** The text that this very ciphertext gave when it was first decrypted, if the journal still holds it. */
  readJournal(hash: Uint8Array): Promise<Uint8Array | undefined>;
}

/** Baileys' ten types of `SignalDataTypeMap` (facts: baileys 7.0.0-rc14, lib/Types/Auth.d.ts). */
export type KeyType =
  | 'pre-key'
  | 'session'
  | 'sender-key'
  | 'sender-key-memory'
  | 'app-state-sync-key'
  | 'app-state-sync-version'
  | 'lid-mapping'
  | 'device-list'
  | 'tctoken'
  | 'identity-key';

/** `value: null` deletes. */
export interface KeyChange {
  readonly type: KeyType;
  readonly id: string;
  readonly value: Uint8Array | null;
}

/** One decrypted message, kept in the transaction that advanced the session. */
export interface JournalEntry {
  /** SHA-256 over kind, sender and ciphertext, 32 bytes. */
  readonly hash: Uint8Array;
  /** The padded protobuf as decrypted. */
  readonly plaintext: Uint8Array;
  /** The stanza it came in, when it was seen (`CB:message` fires before the decryption): enough to surface the message after a kill. */
  readonly envelope?: MessageEnvelope;
}

/** The attributes of an incoming `<message>` stanza that outlive it. */
export interface MessageEnvelope {
  readonly whatsappId: string;
  /** `from`, as on the wire. */
  readonly from: string;
  readonly participant?: string;
  /** The chat, when the account's own phone wrote the message. */
  readonly recipient?: string;
  /** The same chat in the other namespace. */
  readonly recipientAlt?: string;
  /** The same sender in the other namespace (`sender_pn`, `sender_lid`, `participant_pn`, `participant_lid`). */
  readonly senderAlt?: string;
  readonly pushName?: string;
  /** Unix seconds, WhatsApp's clock. */
  readonly timestamp: number;
  readonly offline: boolean;
}
