import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { proto } from 'baileys';
import { agree, hkdf, type KeyPair, sign } from './keys.ts';

const ACCOUNT_SIGNATURE = Buffer.from([6, 0]);
const PBKDF2_ROUNDS = 131_072;

export interface QrText {
  readonly ref: string;
  readonly noiseKey: Buffer;
  readonly identity: Buffer;
  readonly advSecret: Buffer;
}

/** `[https://wa.me/settings/linked_devices#]ref,noise key,identity key,adv secret[,platform]`, keys in base64. */
export function parseQr(text: string): QrText {
  const [ref, noise, identity, secret] = text
    .trim()
    .slice(text.lastIndexOf('#') + 1)
    .split(',');
  if (!ref || !noise || !identity || !secret) throw new Error('this is no WhatsApp QR code');
  const key = (encoded: string) => Buffer.from(encoded, 'base64');
  return { ref, noiseKey: key(noise), identity: key(identity), advSecret: key(secret) };
}

/** What the phone signs to make a companion a device of the account. */
export function deviceIdentity(
  phone: KeyPair,
  companion: Buffer,
  advSecret: Buffer,
  keyIndex: number,
  t: number,
): Buffer {
  const details = proto.ADVDeviceIdentity.encode({
    rawId: randomBytes(4).readUInt32BE(),
    timestamp: t,
    keyIndex,
  }).finish();
  const accountSignature = sign(phone.private, Buffer.concat([ACCOUNT_SIGNATURE, details, companion]));
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: phone.public,
    accountSignature,
  }).finish();
  const hmac = createHmac('sha256', advSecret).update(signed).digest();
  return Buffer.from(proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac }).finish());
}

/** salt(32) | iv(16) | AES-256-CTR(public key) under a key from the eight-letter code. */
export function wrapKey(code: string, publicKey: Buffer): Buffer {
  const salt = randomBytes(32);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', codeKey(code, salt), iv);
  return Buffer.concat([salt, iv, cipher.update(publicKey), cipher.final()]);
}

/** With a wrong code it gives a wrong key, not an error: that shows only when the bundle is opened. */
export function unwrapKey(code: string, wrapped: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-ctr', codeKey(code, wrapped.subarray(0, 32)), wrapped.subarray(32, 48));
  return Buffer.concat([decipher.update(wrapped.subarray(48, 80)), decipher.final()]);
}

export interface KeyBundle {
  readonly companionIdentity: Buffer;
  readonly random: Buffer;
}

/** salt(32) | iv(12) | AES-256-GCM(companion identity | phone identity | random); throws after a wrong code. */
export function openKeyBundle(wrapped: Buffer, shared: Buffer): KeyBundle {
  const key = hkdf(shared, 32, wrapped.subarray(0, 32), 'link_code_pairing_key_bundle_encryption_key');
  const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(32, 44));
  decipher.setAuthTag(wrapped.subarray(-16));
  const plain = Buffer.concat([decipher.update(wrapped.subarray(44, -16)), decipher.final()]);
  return { companionIdentity: plain.subarray(0, 32), random: plain.subarray(64, 96) };
}

export function codeSecret(shared: Buffer, phone: KeyPair, bundle: KeyBundle): Buffer {
  const identities = agree(phone.private, bundle.companionIdentity);
  return hkdf(Buffer.concat([shared, identities, bundle.random]), 32, Buffer.alloc(0), 'adv_secret');
}

function codeKey(code: string, salt: Buffer): Buffer {
  return pbkdf2Sync(code, salt, PBKDF2_ROUNDS, 32, 'sha256');
}
