import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  Curve,
  initAuthCreds,
  makeNoiseHandler,
  makeWASocket,
  NOISE_WA_HEADER,
  proto,
  type SignalDataTypeMap,
  WA_CERT_DETAILS,
} from 'baileys';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { testCurve } from '../../src/whatsapp/signal/curve.ts';
import { installCurve, withTrustedRoot } from '../../src/whatsapp/signal/index.ts';
import { silent } from './support.ts';

const stock = { ...Curve };

beforeAll(installCurve);

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

describe('signatures', () => {
  test('the self-test refuses the curve of stock Baileys, which accepts anything', () => {
    const pair = stock.generateKeyPair();
    expect(stock.verify(pair.public, Buffer.from('x'), Buffer.alloc(64))).toBe(true);
    expect(() => testCurve(stock)).toThrow('was accepted. WhatsApp');
  });

  test('the self-test refuses a curve that refuses all', () => {
    expect(() => testCurve({ ...stock, verify: () => false })).toThrow('a good signature was refused');
  });

  test("ours are good for libsignal's key pairs, and theirs for ours", () => {
    const pair = Curve.generateKeyPair();
    const message = Buffer.from('message');
    expect(Curve.verify(pair.public, message, Curve.sign(pair.private, message))).toBe(true);
    expect(Curve.verify(pair.public, message, stock.sign(pair.private, message))).toBe(true);
    expect(Curve.verify(pair.public, message, Buffer.alloc(64))).toBe(false);
    expect(Buffer.isBuffer(Curve.sign(pair.private, message))).toBe(true);
  });

  test('one can install it twice', () => {
    installCurve();
    expect(() => testCurve(Curve)).not.toThrow();
  });
});

interface Root {
  readonly public: Uint8Array;
  sign(details: Uint8Array): Uint8Array;
}

function makeRoot(): Root {
  const pair = stock.generateKeyPair();
  return { public: pair.public, sign: (details) => Curve.sign(pair.private, details) };
}

/** A server that goes through the Noise handshake as WhatsApp's does, with a certificate of this root. */
async function serve(root: Root): Promise<{ url: string; accepted: Promise<boolean> }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  closing.push(() => server.close());
  const accepted = Promise.withResolvers<boolean>();
  server.on('connection', (socket) => {
    closing.push(() => socket.terminate());
    socket.on('close', () => accepted.resolve(false));
    socket.once('message', (hello: Buffer) => {
      socket.once('message', () => accepted.resolve(true));
      const { clientHello } = proto.HandshakeMessage.decode(hello.subarray(NOISE_WA_HEADER.length + 3));
      const theirs = clientHello?.ephemeral ?? new Uint8Array();
      const ephemeral = stock.generateKeyPair();
      const fixed = stock.generateKeyPair();
      const intermediate = stock.generateKeyPair();
      const noise = makeNoiseHandler({
        keyPair: { private: ephemeral.private, public: theirs },
        NOISE_HEADER: NOISE_WA_HEADER,
        logger: silent,
      });
      noise.authenticate(ephemeral.public);
      noise.mixIntoKey(Curve.sharedKey(ephemeral.private, theirs));
      const encryptedStatic = noise.encrypt(fixed.public);
      noise.mixIntoKey(Curve.sharedKey(fixed.private, theirs));
      const details = proto.CertChain.NoiseCertificate.Details.encode({
        serial: 1,
        issuerSerial: WA_CERT_DETAILS.SERIAL,
        key: intermediate.public,
      }).finish();
      const leaf = proto.CertChain.NoiseCertificate.Details.encode({ serial: 2, key: fixed.public }).finish();
      const chain = proto.CertChain.encode({
        intermediate: { details, signature: root.sign(details) },
        leaf: { details: leaf, signature: Curve.sign(intermediate.private, leaf) },
      }).finish();
      const body = proto.HandshakeMessage.encode({
        serverHello: { ephemeral: ephemeral.public, static: encryptedStatic, payload: noise.encrypt(chain) },
      }).finish();
      const head = Buffer.from([body.length >> 16, (body.length >> 8) & 255, body.length & 255]);
      // A little later, so that the answer comes on a turn of its own.
      setTimeout(() => socket.send(Buffer.concat([head, body])), 5);
    });
  });
  await once(server, 'listening');
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, accepted: accepted.promise };
}

/** An unmodified Baileys socket; resolves with the reason when it gives up. */
function connect(url: string): Promise<string> {
  const rows = new Map<string, unknown>();
  const socket = makeWASocket({
    waWebSocketUrl: url,
    version: [2, 3000, 1],
    logger: silent,
    auth: {
      creds: initAuthCreds(),
      keys: {
        get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
          const found: { [id: string]: SignalDataTypeMap[T] } = {};
          for (const id of ids) {
            const value = rows.get(`${type} ${id}`);
            if (value) found[id] = value as SignalDataTypeMap[T];
          }
          return found;
        },
        set: async () => undefined,
      },
    },
  });
  closing.push(() => void socket.end(undefined));
  return new Promise((resolve) => {
    socket.ev.on('connection.update', ({ connection, lastDisconnect }) => {
      if (connection === 'close') resolve(String(lastDisconnect?.error?.message));
    });
  });
}

describe("the server's certificate", () => {
  const REFUSED = 'noise intermediate certificate signature invalid';

  test("a test server's root is trusted by the sockets made for it, at the same time as others refuse it", async () => {
    const root = makeRoot();
    const trusted = await serve(root);
    const untrusted = await serve(root);
    void withTrustedRoot(root.public, () => connect(trusted.url));
    const reason = connect(untrusted.url);
    expect(await trusted.accepted).toBe(true);
    expect(await reason).toBe(REFUSED);
  });

  test('another root is refused', async () => {
    const server = await serve(makeRoot());
    expect(await withTrustedRoot(makeRoot().public, () => connect(server.url))).toBe(REFUSED);
    expect(await server.accepted).toBe(false);
  });

  test('a signature of zeros is refused, with and without a trusted root', async () => {
    const root = { ...makeRoot(), sign: () => Buffer.alloc(64) };
    expect(await connect((await serve(root)).url)).toBe(REFUSED);
    const server = await serve(root);
    expect(await withTrustedRoot(root.public, () => connect(server.url))).toBe(REFUSED);
  });

  test("inside the context only WhatsApp's root is replaced, and by nothing else", () => {
    const root = makeRoot();
    const details = Buffer.from('certificate');
    const signature = root.sign(details);
    const other = stock.generateKeyPair();
    withTrustedRoot(root.public, () => {
      expect(Curve.verify(WA_CERT_DETAILS.PUBLIC_KEY, details, signature)).toBe(true);
      expect(Curve.verify(other.public, details, signature)).toBe(false);
      expect(Curve.verify(other.public, details, Curve.sign(other.private, details))).toBe(true);
    });
    expect(Curve.verify(WA_CERT_DETAILS.PUBLIC_KEY, details, signature)).toBe(false);
    expect(() => withTrustedRoot(Buffer.alloc(5), () => 0)).toThrow('32 bytes');
  });
});

test('callbacks and timers of a WebSocket run in the context it was made in', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  closing.push(() => server.close());
  server.on('connection', (socket) => {
    socket.on('message', (data) => setTimeout(() => socket.send(data), 3));
  });
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const context = new AsyncLocalStorage<string>();
  const seen: string[] = [];

  const talk = (name: string) =>
    context.run(name, async () => {
      const note = (event: string) => seen.push(`${event} ${name}: ${context.getStore()}`);
      const socket = new WebSocket(url);
      const done = Promise.withResolvers<void>();
      socket.on('open', () => {
        note('open');
        setTimeout(() => {
          note('timer');
          socket.send('one');
        }, 2);
      });
      socket.on('message', async () => {
        note('message');
        await new Promise((resolve) => setImmediate(resolve));
        note('after await');
        socket.close();
      });
      socket.on('close', () => {
        note('close');
        done.resolve();
      });
      await done.promise;
    });
  await Promise.all([talk('a'), talk('b'), talk('c')]);
  expect(seen.length).toBe(15);
  expect(seen.filter((line) => !/ (\w): \1$/.test(line))).toEqual([]);
});
