import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { proto } from 'baileys';
import { WebSocketServer } from 'ws';
import { Connection, type ConnectionEvents } from './connection.ts';
import type { Device } from './directory.ts';
import type { Faults } from './faults.ts';
import { conflict, goodbye } from './goodbye.ts';
import type { ServerIdentity } from './noise.ts';
import type { Stanza } from './stanza.ts';
import type { Transcript } from './transcript.ts';

/** Sees each stanza of a client before the network does; `swallow` keeps it from the network. */
export type StanzaHook = (connection: Connection, node: Stanza) => 'swallow' | undefined;

export interface ServerParts {
  readonly identity: ServerIdentity;
  readonly faults: Faults;
  readonly transcript: Transcript;
  readonly onHello: (connection: Connection, noiseKey: Buffer, payload: proto.ClientPayload) => void;
  readonly onStanza: (connection: Connection, node: Stanza) => void | Promise<void>;
  readonly onClosed: (connection: Connection) => void;
  readonly report: (error: unknown) => void;
}

/** The front gate: takes WebSockets, keeps the live connections, lets faults and hooks have their way. */
export class Server {
  readonly #parts: ServerParts;
  readonly #http: HttpServer;
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #connections = new Set<Connection>();
  readonly #byDevice = new Map<string, Connection>();
  readonly #hooks = new Set<StanzaHook>();
  #nextId = 1;
  #port = 0;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#http = createServer((_request, response) => response.writeHead(426).end());
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async start(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, host, resolve);
    });
    this.#port = (this.#http.address() as AddressInfo).port;
  }

  /** 0 before the start; it stays known after the stop. */
  get port(): number {
    return this.#port;
  }

  get connections(): readonly Connection[] {
    return [...this.#connections];
  }

  /** Connections of an account's clients, or all. */
  of(account?: string): Connection[] {
    return this.connections.filter((one) => account === undefined || accountOf(one) === account);
  }

  hook(hook: StanzaHook): () => void {
    this.#hooks.add(hook);
    return () => this.#hooks.delete(hook);
  }

  /** The open connection of a device whose offline queue is through. */
  live(device: Device): Connection | undefined {
    const connection = this.#byDevice.get(device.address);
    return connection?.stage === 'open' ? connection : undefined;
  }

  /** A device logs in here; an older connection of the same device is replaced. */
  claim(connection: Connection, device: Device): void {
    const older = this.#byDevice.get(device.address);
    connection.device = device.address;
    this.#byDevice.set(device.address, connection);
    older?.end(conflict('replaced'));
  }

  /** Ends connections the way the server does for a code. */
  disconnect(code: number, account?: string): void {
    for (const connection of this.of(account)) goodbye(connection, code);
  }

  /** No goodbye. */
  cut(account?: string): void {
    for (const connection of this.of(account)) connection.cut();
  }

  applySilence(): void {
    for (const connection of this.#connections) connection.silent = this.#parts.faults.isSilent(accountOf(connection));
  }

  async stop(): Promise<void> {
    for (const connection of this.connections) connection.destroy();
    this.#sockets.close();
    if (!this.#http.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.#http.close((error) => (error ? reject(error) : resolve()));
      this.#http.closeAllConnections();
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A client that hangs up during the upgrade is no fault of ours.
    socket.on('error', () => socket.destroy());
    const fault = this.#parts.faults.strike('upgrade');
    if (fault) {
      socket.end(`HTTP/1.1 ${fault.status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      const connection = new Connection(this.#nextId++, ws, this.#parts.identity, this.#events());
      this.#connections.add(connection);
      connection.silent = this.#parts.faults.isSilent(undefined);
    });
  }

  #events(): ConnectionEvents {
    const { transcript, report, onHello } = this.#parts;
    return {
      hello: onHello,
      stanza: (connection, node) => this.#take(connection, node),
      sent: (connection, node) => transcript.add('out', connection.name, node),
      closed: (connection) => this.#closed(connection),
      failed: (error, connection) => {
        report(new Error(`${connection.name}: ${String(error)}`, { cause: error }));
      },
    };
  }

  async #take(connection: Connection, node: Stanza): Promise<void> {
    const { transcript, faults, onStanza } = this.#parts;
    transcript.add('in', connection.name, node);
    const cut = faults.cutDue(node.tag, accountOf(connection));
    if (cut === 'before') return connection.cut();
    for (const hook of this.#hooks) if (hook(connection, node) === 'swallow') return undefined;
    // A silent server takes nothing either: what is written to it is lost, as on a dead line.
    if (!connection.silent) await onStanza(connection, node);
    if (cut === 'after') connection.cut();
    return undefined;
  }

  #closed(connection: Connection): void {
    this.#connections.delete(connection);
    if (connection.device && this.#byDevice.get(connection.device) === connection) {
      this.#byDevice.delete(connection.device);
    }
    this.#parts.onClosed(connection);
  }
}

function accountOf(connection: Connection): string | undefined {
  return connection.device?.split(':')[0];
}
