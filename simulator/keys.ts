import { hkdfSync } from 'node:crypto';
import { calculateAgreement, calculateSignature, generateKeyPair, verifySignature } from 'whatsapp-rust-bridge';

/** A Curve25519 pair, 32 bytes each. */
export interface KeyPair {
  readonly public: Buffer;
  readonly private: Buffer;
}

export interface SignedKey {
  readonly id: number;
  readonly pair: KeyPair;
  readonly signature: Buffer;
}

const KEY_TYPE = Buffer.from([5]);

/** Signal writes public keys with a type byte in front, the wire without. */
export function withType(publicKey: Uint8Array): Buffer {
  return publicKey.length === 33 ? Buffer.from(publicKey) : Buffer.concat([KEY_TYPE, publicKey]);
}

export function withoutType(publicKey: Uint8Array): Buffer {
  return Buffer.from(publicKey.length === 33 ? publicKey.subarray(1) : publicKey);
}

export function newKeyPair(): KeyPair {
  const { pubKey, privKey } = generateKeyPair();
  return { public: withoutType(pubKey), private: Buffer.from(privKey) };
}

export function agree(privateKey: Uint8Array, publicKey: Uint8Array): Buffer {
  return Buffer.from(calculateAgreement(withType(publicKey), privateKey));
}

/** XEdDSA. The bridge's takes 0.1 ms; libsignal's pure JavaScript takes 13 ms. */
export function sign(privateKey: Uint8Array, message: Uint8Array): Buffer {
  return Buffer.from(calculateSignature(privateKey, message));
}

export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return verifySignature(withType(publicKey), message, signature);
}

export function newSignedKey(identity: KeyPair, id: number): SignedKey {
  const pair = newKeyPair();
  return { id, pair, signature: sign(identity.private, withType(pair.public)) };
}

export function hkdf(secret: Uint8Array, length: number, salt: Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, length));
}
