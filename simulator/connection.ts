import { decodeBinaryNode, encodeBinaryNode, type proto } from 'baileys';
import { type RawData, WebSocket } from 'ws';
import { FrameReader, frame } from './frames.ts';
import { NoiseResponder, type ServerIdentity } from './noise.ts';
import type { Stanza } from './stanza.ts';

/** Where a connection stands: `pairing` shows QR codes, `login` waits for success, `open` may do everything. */
export type Stage = 'handshake' | 'pairing' | 'login' | 'open' | 'closed';

export interface ConnectionEvents {
  /** The handshake is through: who is it? */
  hello(connection: Connection, noiseKey: Buffer, payload: proto.ClientPayload): void;
  stanza(connection: Connection, node: Stanza): void | Promise<void>;
  sent(connection: Connection, node: Stanza): void;
  closed(connection: Connection): void;
  failed(error: unknown, connection: Connection): void;
}

/** One WebSocket of one client: frames, Noise, stanzas. What the stanzas mean is decided elsewhere. */
export class Connection {
  readonly id: number;
  stage: Stage = 'handshake';
  /** Address of the device that logged in, `62811:3`. */
  device: string | undefined;
  /** Silent connections stay open and say nothing any more. */
  silent = false;
  /** Stanzas taken from the client so far. */
  received = 0;
  readonly #socket: WebSocket;
  readonly #noise: NoiseResponder;
  readonly #frames = new FrameReader();
  readonly #events: ConnectionEvents;
  #shaken = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(id: number, socket: WebSocket, identity: ServerIdentity, events: ConnectionEvents) {
    this.id = id;
    this.#socket = socket;
    this.#noise = new NoiseResponder(identity);
    this.#events = events;
    socket.on('message', (data: RawData) => this.#take(data));
    socket.on('close', () => this.#closed());
    socket.on('error', (error) => events.failed(error, this));
  }

  get isLive(): boolean {
    return this.stage !== 'closed';
  }

  /** What the transcript calls it. */
  get name(): string {
    return this.device ?? `connection ${this.id}`;
  }

  send(node: Stanza): void {
    if (!this.#isWritable || this.silent) return;
    this.#events.sent(this, node);
    this.#write(this.#noise.encrypt(encodeBinaryNode(node)));
  }

  /** Bytes that are a frame but no stanza: what a broken server or a tampered line would send. */
  sendGarbage(bytes: Uint8Array): void {
    if (this.#isWritable) this.#write(Buffer.from(bytes));
  }

  /** Says why, then hangs up in good order. */
  end(reason: Stanza): void {
    this.send(reason);
    this.close(1000);
  }

  close(code: number): void {
    if (!this.isLive) return;
    this.#socket.close(code);
    this.#closed();
  }

  /** The cable is pulled: no goodbye. */
  cut(): void {
    if (!this.isLive) return;
    this.#socket.terminate();
    this.#closed();
  }

  /** Hung up and torn down; for stop(), which must leave nothing behind. */
  destroy(): void {
    this.#socket.terminate();
    this.#closed();
  }

  /** A client that is hanging up takes nothing any more; that is its ordinary end, not a fault of ours. */
  get #isWritable(): boolean {
    return this.isLive && this.#socket.readyState === WebSocket.OPEN;
  }

  #write(payload: Buffer): void {
    this.#socket.send(frame(payload), (error) => {
      if (error && this.#isWritable) this.#events.failed(error, this);
    });
  }

  #closed(): void {
    if (this.stage === 'closed') return;
    this.stage = 'closed';
    this.#events.closed(this);
  }

  #take(data: RawData): void {
    try {
      for (const payload of this.#frames.take(toBytes(data))) this.#takeFrame(payload);
    } catch (error) {
      this.#events.failed(error, this);
      this.cut();
    }
  }

  #takeFrame(payload: Buffer): void {
    if (!this.isLive) return;
    if (this.#shaken === 0) {
      this.#shaken = 1;
      this.#write(this.#noise.hello(payload));
    } else if (this.#shaken === 1) {
      this.#shaken = 2;
      const { noiseKey, payload: client } = this.#noise.finish(payload);
      this.#events.hello(this, noiseKey, client);
    } else {
      const plain = this.#noise.decrypt(payload);
      // Decoding is asynchronous (zlib), so a chain keeps the client's order.
      this.#work = this.#work
        .then(async () => this.#handle(await decodeBinaryNode(plain)))
        .catch((error: unknown) => this.#events.failed(error, this));
    }
  }

  async #handle(node: Stanza): Promise<void> {
    if (!this.isLive) return;
    this.received += 1;
    await this.#events.stanza(this, node);
  }
}

function toBytes(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}
