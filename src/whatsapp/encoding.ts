import { type AuthenticationCreds, BufferJSON, proto, type SignalDataTypeMap } from 'baileys';
import type { KeyType } from './memory.ts';
import { UnreadableKeyError } from './signal/index.ts';

/**
 * How Baileys' values become bytes. Sessions, sender keys and identities are bytes already, in the format of `signal/`; the rest
 * is JSON with `BufferJSON`, so that a row can be read by a person with the master key and by a later version of Baileys.
 */
interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

const toJson = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value, BufferJSON.replacer));
const fromJson = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString(), BufferJSON.reviver);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;

const json = <T>(is: (value: unknown) => value is T): Codec<T> => ({
  encode: toJson,
  decode(bytes) {
    const value = fromJson(bytes);
    if (!is(value)) throw new Error('it has another shape than it should');
    return value;
  },
});

const raw: Codec<Uint8Array> = { encode: (value) => value, decode: (bytes) => bytes };

const appStateKey: Codec<proto.Message.IAppStateSyncKeyData> = {
  encode: toJson,
  decode(bytes) {
    const value = fromJson(bytes);
    if (!isObject(value)) throw new Error('it has another shape than it should');
    return proto.Message.AppStateSyncKeyData.fromObject(value);
  },
};

const codecs: { readonly [T in KeyType]: Codec<SignalDataTypeMap[T]> } = {
  'pre-key': json(
    (value): value is SignalDataTypeMap['pre-key'] =>
      isObject(value) && isBytes(value.public) && isBytes(value.private),
  ),
  session: raw,
  'sender-key': raw,
  'identity-key': raw,
  'sender-key-memory': json((value): value is SignalDataTypeMap['sender-key-memory'] => isObject(value)),
  'app-state-sync-key': appStateKey,
  'app-state-sync-version': json(
    (value): value is SignalDataTypeMap['app-state-sync-version'] => isObject(value) && isBytes(value.hash),
  ),
  'lid-mapping': json((value): value is string => typeof value === 'string'),
  'device-list': json((value): value is string[] => Array.isArray(value)),
  tctoken: json((value): value is SignalDataTypeMap['tctoken'] => isObject(value) && isBytes(value.token)),
};

export const encodeKey = <T extends KeyType>(type: T, value: SignalDataTypeMap[T]): Uint8Array =>
  codecs[type].encode(value);

/** Throws UnreadableKeyError. */
export function decodeKey<T extends KeyType>(type: T, id: string, bytes: Uint8Array): SignalDataTypeMap[T] {
  try {
    return codecs[type].decode(bytes);
  } catch (error) {
    throw new UnreadableKeyError(type, id, error instanceof Error ? error.message : String(error));
  }
}

export const encodeCreds = toJson;

/** Throws UnreadableKeyError. */
export function decodeCreds(bytes: Uint8Array): AuthenticationCreds {
  try {
    const value = fromJson(bytes);
    const pair = (at: unknown) => isObject(at) && isBytes(at.public) && isBytes(at.private);
    if (!isObject(value) || !pair(value.noiseKey) || !pair(value.signedIdentityKey) || !isObject(value.signedPreKey))
      throw new Error('it has another shape than it should');
    const creds = value as unknown as AuthenticationCreds;
    // protobufjs writes its bytes as base64 text into JSON.
    if (creds.account) creds.account = proto.ADVSignedDeviceIdentity.fromObject(creds.account);
    return creds;
  } catch (error) {
    throw new UnreadableKeyError('creds', '', error instanceof Error ? error.message : String(error));
  }
}
