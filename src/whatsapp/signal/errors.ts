/** What went wrong, for our own code; Baileys reads only `message`. */
export type SignalFault =
  | 'duplicate'
  | 'no_session'
  | 'bad_mac'
  | 'untrusted_identity'
  | 'pre_key_gone'
  | 'bad_signature'
  | 'not_a_message'
  | 'broken_record'
  | 'unknown';

/** A failed Signal operation. Nothing of it was kept. */
export class SignalError extends Error {
  override name = 'SignalError';
  readonly fault: SignalFault;

  constructor(fault: SignalFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/**
 * A key row exists but makes no sense. That quarantines the device; it is never "there is no session", for which Baileys
 * would quietly make a new one over the damage.
 */
export class UnreadableKeyError extends Error {
  override name = 'UnreadableKeyError';
  readonly type: string;
  readonly id: string;

  constructor(type: string, id: string, because: string) {
    super(`The stored ${type} "${id}" cannot be read: ${because}.`);
    this.type = type;
    this.id = id;
  }
}

/**
 * The bridge rejects with strings, not with Error objects, and Baileys calls `err.message.toString()` on what it catches:
 * a raw string would break message handling. The texts on the right are the ones Baileys compares
 * (lib/Utils/decode-wa-message.js: MISSING_KEYS_ERROR_TEXT, DECRYPTION_RETRY_CONFIG) or that libsignal (npm) would give.
 */
const TEXTS: readonly (readonly [needle: string, fault: SignalFault, message: string])[] = [
  ['DuplicatedMessage', 'duplicate', 'Key used already or never filled'],
  ['message with old counter', 'duplicate', 'Key used already or never filled'],
  ['SessionNotFound', 'no_session', 'No session record'],
  ['no sender key state', 'no_session', 'No session record'],
  ['decryption failed', 'bad_mac', 'Bad MAC'],
  ['BadMac', 'bad_mac', 'Bad MAC'],
  ['UntrustedIdentity', 'untrusted_identity', 'Untrusted identity key'],
  ['InvalidPreKeyId', 'pre_key_gone', 'Invalid PreKey ID'],
  ['InvalidSignedPreKeyId', 'pre_key_gone', 'Missing SignedPreKey'],
  ['invalid signature detected', 'bad_signature', 'Invalid signature'],
  ['Invalid signature', 'bad_signature', 'Invalid signature'],
  ['Invalid WhisperMessage format', 'not_a_message', 'Invalid WhisperMessage format'],
  ['Invalid PreKeyMessage format', 'not_a_message', 'Invalid PreKeyMessage format'],
  ['InvalidSessionStructure', 'broken_record', 'Invalid session structure'],
];

/** Whatever the bridge threw, as an Error. A real Error of another kind, such as a trap of the module, stays what it is. */
export function translate(thrown: unknown): Error {
  if (thrown instanceof SignalError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const row = TEXTS.find(([needle]) => text.includes(needle));
  if (row) return new SignalError(row[1], row[2]);
  return thrown instanceof Error ? thrown : new SignalError('unknown', text);
}
