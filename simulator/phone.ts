import type { AppStates } from './app-state.ts';
import type { Contact } from './contact.ts';
import type { Said } from './content.ts';
import type { Device, Directory } from './directory.ts';
import { historyMessages, type PastChat } from './history.ts';
import { SERVER_JID } from './jid.ts';
import type { ReceivedMessage, SentMessage } from './messages.ts';
import { type Pairing, randomId } from './pairing.ts';
import type { World } from './people.ts';
import { stanza } from './stanza.ts';

export interface LinkedDevice {
  readonly id: number;
  /** `number:id`, as in the transcript. */
  readonly address: string;
  readonly isConnected: boolean;
}

export interface PhoneParts {
  readonly world: World;
  readonly pairing: Pairing;
  readonly appStates: AppStates;
  readonly directory: Directory;
  readonly isConnected: (device: Device) => boolean;
  readonly removeDevice: (device: Device) => void;
}

/** A person with a handset, who links clients to the account. As somebody who writes and reads: `contact`. */
export class Phone {
  readonly contact: Contact;
  /** Chats that a newly linked client is told about. */
  readonly history: PastChat[] = [];
  readonly #parts: PhoneParts;

  constructor(contact: Contact, parts: PhoneParts) {
    this.contact = contact;
    this.#parts = parts;
  }

  get number(): string {
    return this.contact.number;
  }

  get jid(): string {
    return this.contact.jid;
  }

  get lid(): string {
    return this.contact.lid;
  }

  /** What the phone shows: what people sent to the account, and copies of what its clients sent (`own`). */
  get messages(): readonly ReceivedMessage[] {
    return this.contact.messages;
  }

  /** What befell this phone: faults that struck, copies it could not read. */
  get logs(): readonly string[] {
    return this.#parts.world.notes.filter((line) => line.includes(this.number));
  }

  nextMessage(options: { readonly timeoutMs?: number } = {}): Promise<ReceivedMessage> {
    return this.contact.nextMessage(options);
  }

  /** Scans the QR text that a client shows. Settles when the client is linked; it then reconnects by itself. */
  async scan(qr: string): Promise<LinkedDevice> {
    return this.#linked(await this.#parts.pairing.scan(this.contact.account, qr));
  }

  /** Types in a client's pairing code; rejects a wrong one, after which the right one may follow. */
  async enterCode(code: string, options: { readonly timeoutMs?: number } = {}): Promise<LinkedDevice> {
    return this.#linked(await this.#parts.pairing.enterCode(this.contact.account, code, options.timeoutMs));
  }

  /** Removes one linked client, or all: they are told 401. */
  unlink(device?: number): void {
    for (const one of this.#clients()) {
      if (device === undefined || one.id === device) this.#parts.removeDevice(one);
    }
  }

  devices(): LinkedDevice[] {
    return this.#clients().map((device) => this.#linked(device));
  }

  /** A new push name; linked clients hear of it. */
  async rename(name: string): Promise<void> {
    const { directory, appStates } = this.#parts;
    this.contact.account.name = name;
    directory.saveAccount(this.contact.account);
    const collection = await appStates.change(this.number, { pushNameSetting: name });
    const sync = [stanza('collection', { name: collection })];
    for (const device of this.#clients()) {
      const attributes = {
        from: SERVER_JID,
        type: 'server_sync',
        id: randomId(),
        t: this.#parts.world.timers.seconds(),
      };
      this.#parts.world.router.toClient(device, stanza('notification', attributes, sync));
    }
  }

  /** A message typed on the phone itself: linked clients get a copy. */
  sendOwn(to: string, said: Said): Promise<SentMessage> {
    return this.contact.send(to, said);
  }

  /** To a new client, at its first login: the key to the app state, then the history. */
  async greet(device: Device): Promise<void> {
    const { appStates } = this.#parts;
    const { name } = this.contact.account;
    await appStates.change(this.number, { pushNameSetting: name });
    const messages = [appStates.keyShare(this.number), ...historyMessages(this.number, name, this.history)];
    await this.contact.sendPeer(device, messages);
  }

  #clients(): Device[] {
    return this.#parts.directory.devices(this.number).filter((device) => device.kind === 'client');
  }

  #linked(device: Device): LinkedDevice {
    return { id: device.id, address: device.address, isConnected: this.#parts.isConnected(device) };
  }
}
