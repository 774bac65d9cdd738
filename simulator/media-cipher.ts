import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { hkdf } from './keys.ts';

export type MediaKind = 'image' | 'video' | 'audio' | 'document' | 'sticker';

const KEY_INFO: Record<MediaKind, string> = {
  image: 'WhatsApp Image Keys',
  video: 'WhatsApp Video Keys',
  audio: 'WhatsApp Audio Keys',
  document: 'WhatsApp Document Keys',
  sticker: 'WhatsApp Image Keys',
};
const MAC_LENGTH = 10;

export interface SealedMedia {
  readonly mediaKey: Buffer;
  readonly blob: Buffer;
  readonly fileSha256: Buffer;
  readonly fileEncSha256: Buffer;
}

export const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();

/** AES-256-CBC, then the first ten bytes of an HMAC over iv and ciphertext. */
export function sealMedia(kind: MediaKind, plain: Uint8Array): SealedMedia {
  const mediaKey = randomBytes(32);
  const { iv, cipherKey, macKey } = mediaKeys(kind, mediaKey);
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  const blob = Buffer.concat([body, mac(macKey, iv, body)]);
  return { mediaKey, blob, fileSha256: sha256(plain), fileEncSha256: sha256(blob) };
}

/** The plain bytes; throws when the MAC is wrong, which Baileys would not notice. */
export function openMedia(kind: MediaKind, mediaKey: Uint8Array, blob: Buffer): Buffer {
  const { iv, cipherKey, macKey } = mediaKeys(kind, mediaKey);
  const body = blob.subarray(0, -MAC_LENGTH);
  if (!timingSafeEqual(mac(macKey, iv, body), blob.subarray(-MAC_LENGTH))) throw new Error(`${kind}: wrong MAC`);
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  return Buffer.concat([decipher.update(body), decipher.final()]);
}

function mediaKeys(kind: MediaKind, mediaKey: Uint8Array) {
  const keys = hkdf(mediaKey, 112, Buffer.alloc(0), KEY_INFO[kind]);
  return { iv: keys.subarray(0, 16), cipherKey: keys.subarray(16, 48), macKey: keys.subarray(48, 80) };
}

function mac(key: Buffer, iv: Buffer, body: Buffer): Buffer {
  return createHmac('sha256', key).update(iv).update(body).digest().subarray(0, MAC_LENGTH);
}
