import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { proto } from 'baileys';
import { agree, hkdf, type KeyPair, newKeyPair, sign } from './keys.ts';
import type { Store } from './store.ts';

const PROTOCOL = Buffer.from('Noise_XX_25519_AESGCM_SHA256\0\0\0\0', 'binary');
/** "WA", version 6, dictionary 3: what every client begins with. */
export const INTRO = Buffer.from([0x57, 0x41, 6, 3]);

/** The keys with which this network proves who it is, and the certificate chain that says so. */
export interface ServerIdentity {
  readonly root: KeyPair;
  readonly static: KeyPair;
  /** Details of the intermediate certificate: a client can recognise the network by them. */
  readonly intermediate: Buffer;
  readonly chain: Buffer;
}

/** The identity in the store, made at the first start. */
export function serverIdentity(store: Store): ServerIdentity {
  const kept = store.all<ServerIdentity>('identity')[0]?.[1];
  if (kept) return kept;
  const root = newKeyPair();
  const middle = newKeyPair();
  const own = newKeyPair();
  const intermediate = details({ serial: 1, issuerSerial: 0, key: middle.public });
  const leaf = details({ serial: 2, issuerSerial: 1, key: own.public });
  const chain = proto.CertChain.encode({
    intermediate: { details: intermediate, signature: sign(root.private, intermediate) },
    leaf: { details: leaf, signature: sign(middle.private, leaf) },
  }).finish();
  const identity = { root, static: own, intermediate, chain: Buffer.from(chain) };
  store.commit([{ kind: 'identity', id: 'noise', value: identity }]);
  return identity;
}

function details(fields: { serial: number; issuerSerial: number; key: Buffer }): Buffer {
  const validity = { notBefore: 1_600_000_000, notAfter: 4_000_000_000 };
  return Buffer.from(proto.CertChain.NoiseCertificate.Details.encode({ ...fields, ...validity }).finish());
}

/** The server's half of Noise XX, then the transport ciphers. One per connection. */
export class NoiseResponder {
  readonly #identity: ServerIdentity;
  readonly #ephemeral = newKeyPair();
  #hash: Buffer = PROTOCOL;
  #salt: Buffer = PROTOCOL;
  #key: Buffer = PROTOCOL;
  #counter = 0;
  #transport: { receive: Cipher; send: Cipher } | undefined;

  constructor(identity: ServerIdentity) {
    this.#identity = identity;
    this.#authenticate(INTRO);
  }

  /** Answers the client's hello. */
  hello(message: Uint8Array): Buffer {
    const ephemeral = proto.HandshakeMessage.decode(message).clientHello?.ephemeral;
    if (!ephemeral) throw new Error('handshake without a client ephemeral key');
    this.#authenticate(ephemeral);
    this.#authenticate(this.#ephemeral.public);
    this.#mix(agree(this.#ephemeral.private, ephemeral));
    const encryptedStatic = this.#seal(this.#identity.static.public);
    this.#mix(agree(this.#identity.static.private, ephemeral));
    const payload = this.#seal(this.#identity.chain);
    const answer = { serverHello: { ephemeral: this.#ephemeral.public, static: encryptedStatic, payload } };
    return Buffer.from(proto.HandshakeMessage.encode(answer).finish());
  }

  /** Takes the client's last handshake message: who it is by key, and what it asks for. */
  finish(message: Uint8Array): { noiseKey: Buffer; payload: proto.ClientPayload } {
    const finish = proto.HandshakeMessage.decode(message).clientFinish;
    if (!finish?.static || !finish.payload) throw new Error('handshake without a client finish');
    const noiseKey = this.#open(finish.static);
    this.#mix(agree(this.#ephemeral.private, noiseKey));
    const payload = proto.ClientPayload.decode(this.#open(finish.payload));
    const keys = hkdf(Buffer.alloc(0), 64, this.#salt, '');
    this.#transport = { receive: new Cipher(keys.subarray(0, 32)), send: new Cipher(keys.subarray(32)) };
    return { noiseKey, payload };
  }

  encrypt(plain: Uint8Array): Buffer {
    return this.#ready().send.seal(plain);
  }

  decrypt(sealed: Uint8Array): Buffer {
    return this.#ready().receive.open(sealed);
  }

  #ready(): { receive: Cipher; send: Cipher } {
    if (!this.#transport) throw new Error('the handshake is not finished');
    return this.#transport;
  }

  #authenticate(data: Uint8Array): void {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest();
  }

  #mix(secret: Uint8Array): void {
    const mixed = hkdf(secret, 64, this.#salt, '');
    this.#salt = mixed.subarray(0, 32);
    this.#key = mixed.subarray(32);
    this.#counter = 0;
  }

  #seal(plain: Uint8Array): Buffer {
    const sealed = seal(this.#key, this.#counter++, plain, this.#hash);
    this.#authenticate(sealed);
    return sealed;
  }

  #open(sealed: Uint8Array): Buffer {
    const plain = open(this.#key, this.#counter++, sealed, this.#hash);
    this.#authenticate(sealed);
    return plain;
  }
}

class Cipher {
  readonly #key: Buffer;
  #counter = 0;

  constructor(key: Buffer) {
    this.#key = key;
  }

  seal(plain: Uint8Array): Buffer {
    return seal(this.#key, this.#counter++, plain, Buffer.alloc(0));
  }

  open(sealed: Uint8Array): Buffer {
    return open(this.#key, this.#counter++, sealed, Buffer.alloc(0));
  }
}

function nonce(counter: number): Buffer {
  const iv = Buffer.alloc(12);
  iv.writeUInt32BE(counter, 8);
  return iv;
}

function seal(key: Buffer, counter: number, plain: Uint8Array, associated: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(counter));
  cipher.setAAD(associated);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Buffer, counter: number, sealed: Uint8Array, associated: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(counter));
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - 16));
  return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - 16)), decipher.final()]);
}
