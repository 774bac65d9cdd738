import { AsyncLocalStorage } from 'node:async_hooks';
import { Curve, generateSignalPubKey, WA_CERT_DETAILS } from 'baileys';
import * as bridge from './bridge.ts';
import { sameBytes } from './record.ts';

/** The root key of a test server, for everything that the sockets made in this context do. */
const trustedRoot = new AsyncLocalStorage<Uint8Array>();

/**
 * Makes Baileys' signatures real. Stock `Curve.verify` ignores libsignal's false, so any 64-byte signature passes as
 * WhatsApp's certificate and only TLS authenticates the server. `Curve` is an exported object whose methods are looked up
 * at each call, so replacing two of them at start is enough, and 100 times faster (0.1 against 11 ms).
 *
 * Throws when it did not take hold: an upgrade must not undo it silently. Once per process; again is harmless.
 */
export function installCurve(): void {
  Curve.sign = (privateKey, message) => Buffer.from(bridge.sign(privateKey, message));
  Curve.verify = (publicKey, message, signature) =>
    bridge.verify(rootFor(generateSignalPubKey(publicKey)), message, signature);
  testCurve(Curve);
}

/** WhatsApp's root is replaced only inside `withTrustedRoot`; all other keys are what they are. */
function rootFor(publicKey: Uint8Array): Uint8Array {
  const root = trustedRoot.getStore();
  return root && sameBytes(publicKey, generateSignalPubKey(WA_CERT_DETAILS.PUBLIC_KEY)) ? root : publicKey;
}

/**
 * Sockets made by `fn` accept server certificates signed by `root` (32 or 33 bytes), and no others: neither WhatsApp's
 * root nor any other test server's. The context follows a socket through its callbacks and timers
 * (test/signal/curve.test.ts shows it with a real Baileys socket), and no socket made elsewhere sees it.
 */
export function withTrustedRoot<T>(root: Uint8Array, fn: () => T): T {
  if (root.length !== 32 && root.length !== 33) throw new Error(`A root key has 32 bytes, not ${root.length}.`);
  return trustedRoot.run(generateSignalPubKey(root), fn);
}

/** Exported for its own test. */
export function testCurve(curve: Pick<typeof Curve, 'generateKeyPair' | 'sign' | 'verify'>): void {
  const pair = curve.generateKeyPair();
  const other = curve.generateKeyPair();
  const message = Buffer.from('Is the certificate of the server really checked?');
  const signature = curve.sign(pair.private, message);
  const wrong = Buffer.from(signature);
  wrong[10] = (wrong[10] ?? 0) ^ 1;
  const checks: [what: string, expected: boolean, verdict: boolean][] = [
    ['a good signature', true, curve.verify(pair.public, message, signature)],
    ['a changed signature', false, curve.verify(pair.public, message, wrong)],
    ["another key's signature", false, curve.verify(other.public, message, signature)],
    ['a signature over another text', false, curve.verify(pair.public, Buffer.from('Yes.'), signature)],
    ['a signature of zeros', false, curve.verify(pair.public, message, Buffer.alloc(64))],
    ['a short signature', false, curve.verify(pair.public, message, signature.subarray(0, 63))],
    ['no signature', false, curve.verify(pair.public, message, Buffer.alloc(0))],
    ['a key of zeros', false, curve.verify(Buffer.alloc(32), message, signature)],
  ];
  const failed = checks.find(([, expected, verdict]) => verdict !== expected);
  if (failed) {
    throw new Error(
      `The check of signatures does not work: ${failed[0]} was ${failed[2] ? 'accepted' : 'refused'}. ` +
        "WhatsApp's server could not be told from an impostor, so nothing is started.",
    );
  }
}
