import { decodeBinaryNode, encodeBinaryNode } from 'baileys';
import type { Device } from './directory.ts';
import type { Stanza } from './stanza.ts';
import type { Store, Write } from './store.ts';

interface Mail {
  readonly id: string;
  readonly node: Stanza;
}

/**
 * What the server owes to each client device: messages, receipts and notifications stay here until the device has
 * confirmed them (a receipt or an ack), over disconnects and restarts. That, and not the write to the socket, is
 * what "delivered to the client" means.
 */
export class Mailboxes {
  readonly #store: Store;
  readonly #boxes = new Map<string, Mail[]>();
  #next = 1;

  private constructor(store: Store) {
    this.#store = store;
  }

  static async open(store: Store): Promise<Mailboxes> {
    const boxes = new Mailboxes(store);
    for (const [id, encoded] of store.all<Buffer>('mail')) {
      const [address = '', sequence] = id.split('/');
      boxes.#box(address).push({ id, node: await decodeBinaryNode(Buffer.from(encoded)) });
      boxes.#next = Math.max(boxes.#next, Number(sequence) + 1);
    }
    return boxes;
  }

  put(device: Device, node: Stanza): void {
    // Padded, because the store gives its rows back in the order of their ids.
    const mail = { id: `${device.address}/${String(this.#next++).padStart(12, '0')}`, node };
    this.#box(device.address).push(mail);
    this.#store.commit([{ kind: 'mail', id: mail.id, value: encodeBinaryNode(node) }]);
  }

  waiting(device: Device): Stanza[] {
    return this.#box(device.address).map((mail) => mail.node);
  }

  /** A receipt for these message ids came: the device has them. */
  receipted(device: Device, ids: readonly string[]): void {
    this.#drop(device, (node) => node.tag === 'message' && ids.includes(node.attrs.id ?? ''));
  }

  /** An `<ack class id to type>` came. */
  acknowledged(device: Device, ack: Stanza): void {
    const { class: tag, id, to, type, participant } = ack.attrs;
    this.#drop(
      device,
      (node) =>
        node.tag === tag &&
        node.attrs.id === id &&
        (tag !== 'receipt' ||
          (node.attrs.from === to && node.attrs.type === type && node.attrs.participant === participant)),
    );
  }

  clear(device: Device): void {
    this.#drop(device, () => true);
  }

  #drop(device: Device, matches: (node: Stanza) => boolean): void {
    const box = this.#box(device.address);
    const gone = box.filter((mail) => matches(mail.node));
    if (gone.length === 0) return;
    this.#boxes.set(
      device.address,
      box.filter((mail) => !gone.includes(mail)),
    );
    this.#store.commit(gone.map((mail): Write => ({ kind: 'mail', id: mail.id })));
  }

  #box(address: string): Mail[] {
    let box = this.#boxes.get(address);
    if (!box) {
      box = [];
      this.#boxes.set(address, box);
    }
    return box;
  }
}
