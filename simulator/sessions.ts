import type { proto } from 'baileys';
import type { Timers } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Device, Directory } from './directory.ts';
import type { Faults } from './faults.ts';
import { failure } from './goodbye.ts';
import { SERVER_JID } from './jid.ts';
import type { Mailboxes } from './mailbox.ts';
import type { Pairing } from './pairing.ts';
import { answerQuery, type QueryParts } from './queries.ts';
import type { Router } from './routing.ts';
import type { Server } from './server.ts';
import { type Stanza, stanza } from './stanza.ts';

export interface SessionParts {
  readonly directory: Directory;
  readonly mailboxes: Mailboxes;
  readonly pairing: Pairing;
  readonly router: Router;
  readonly faults: Faults;
  readonly timers: Timers;
  readonly queries: Omit<QueryParts, 'active'>;
  readonly server: () => Server;
  /** The first login after pairing: the phone has things to tell. */
  readonly greet: (device: Device) => void;
}

/** What clients may do once the handshake is through: pair, log in, ask, send. */
export class Sessions {
  readonly #parts: SessionParts;
  /** Who wants to know about whose presence: account number → connections. */
  readonly #subscribers = new Map<string, Set<Connection>>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  hello(connection: Connection, noiseKey: Buffer, payload: proto.ClientPayload): void {
    const registration = payload.devicePairingData;
    if (registration) this.#parts.pairing.offer(connection, noiseKey, registration);
    else this.#login(connection, noiseKey, payload);
  }

  async take(connection: Connection, node: Stanza): Promise<void> {
    if (this.#parts.pairing.take(connection, node)) return;
    const device = connection.device ? this.#parts.directory.byAddress(connection.device) : undefined;
    if (!device) return;
    await this.#handle(connection, device, node);
  }

  closed(connection: Connection): void {
    this.#parts.pairing.closed(connection);
    for (const subscribers of this.#subscribers.values()) subscribers.delete(connection);
  }

  subscribers(number: string): Connection[] {
    return [...(this.#subscribers.get(number) ?? [])];
  }

  #login(connection: Connection, noiseKey: Buffer, payload: proto.ClientPayload): void {
    const { directory, faults, timers } = this.#parts;
    const number = String(payload.username ?? '');
    const device = directory.device(number, payload.device ?? 0);
    if (device?.kind !== 'client' || !device.noiseKey?.equals(noiseKey)) {
      connection.end(failure(401));
      return;
    }
    const fault = faults.strike('login', { account: number });
    if (fault?.is === 'failure') {
      connection.end(failure(fault.code));
      return;
    }
    this.#parts.server().claim(connection, device);
    connection.stage = 'login';
    connection.silent = faults.isSilent(number);
    if (fault?.is === 'no-success') return;
    const account = directory.needAccount(number);
    const attributes = {
      t: timers.seconds(),
      props: 27,
      lid: directory.jid(account, 'lid', device.id),
      location: 'sim',
      display_name: account.name,
      creation: timers.seconds(),
    };
    connection.send(stanza('success', attributes));
  }

  /** All that waited goes out, between the announcement and the line that ends the start-up buffering. */
  #openQueue(connection: Connection, device: Device): void {
    const waiting = this.#parts.mailboxes.waiting(device);
    const count = (tag: string) => waiting.filter((node) => node.tag === tag).length;
    const [message, receipt, notification] = [count('message'), count('receipt'), count('notification')];
    if (waiting.length > 0) {
      const preview = { count: waiting.length, message, receipt, notification };
      connection.send(fromServer('ib', stanza('offline_preview', preview)));
    }
    for (const node of waiting) connection.send(stanza(node.tag, { ...node.attrs, offline: 1 }, node.content));
    connection.send(fromServer('ib', stanza('offline', { count: waiting.length })));
    connection.stage = 'open';
    if (device.greeted) return;
    device.greeted = true;
    this.#parts.directory.saveDevice(device);
    this.#parts.greet(device);
  }

  async #handle(connection: Connection, device: Device, node: Stanza): Promise<void> {
    const { router, mailboxes } = this.#parts;
    switch (node.tag) {
      case 'iq': {
        const active = (on: Connection, of: Device) => this.#openQueue(on, of);
        return answerQuery(connection, device, node, { ...this.#parts.queries, active });
      }
      case 'message':
        return router.message(device, node);
      case 'receipt':
        router.receipt(device, node);
        return connection.send(
          stanza('ack', { class: 'receipt', id: node.attrs.id, from: node.attrs.to, type: node.attrs.type }),
        );
      case 'ack':
        return mailboxes.acknowledged(device, node);
      case 'chatstate':
        return router.chatState(device, node);
      case 'presence':
        return this.#presence(connection, device, node);
      case 'call':
        return connection.send(stanza('ack', { class: 'call', id: node.attrs.id, from: node.attrs.to }));
      default:
        // `<ib>` (batches, session ids) asks for nothing.
        return undefined;
    }
  }

  #presence(connection: Connection, device: Device, node: Stanza): void {
    const { directory, router } = this.#parts;
    const { type } = node.attrs;
    if (type === 'available' || type === 'unavailable') {
      router.presence(directory.needAccount(device.number), type, this.subscribers(device.number));
    } else if (type === 'subscribe') {
      const number = directory.accountOf(node.attrs.to)?.number;
      if (!number) return;
      const subscribers = this.#subscribers.get(number) ?? new Set();
      this.#subscribers.set(number, subscribers.add(connection));
    }
  }
}

function fromServer(tag: string, content: Stanza): Stanza {
  return stanza(tag, { from: SERVER_JID }, [content]);
}
