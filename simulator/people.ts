import { decodeBinaryNode, encodeBinaryNode } from 'baileys';
import type { Timers } from './clock.ts';
import { Contact } from './contact.ts';
import type { Counters } from './counters.ts';
import type { Account, Device, Directory } from './directory.ts';
import type { Faults } from './faults.ts';
import type { Groups } from './groups.ts';
import { Handset } from './handset.ts';
import { isValidNumber, MANNERS, type Manner, ORDINARY } from './manners.ts';
import type { MediaHost } from './media.ts';
import type { SavedMessage, SavedSent } from './messages.ts';
import type { Random } from './random.ts';
import type { Copy, Handsets, Router } from './routing.ts';
import { keptSenderKeys, SenderKeys } from './sender-keys.ts';
import { keptSignal, SignalDevice } from './signal.ts';
import type { Stanza } from './stanza.ts';
import type { Store } from './store.ts';

/** What a simulated person needs of the network. */
export interface World {
  readonly directory: Directory;
  readonly store: Store;
  readonly router: Router;
  readonly groups: Groups;
  readonly media: MediaHost;
  readonly faults: Faults;
  readonly counters: Counters;
  readonly timers: Timers;
  readonly random: Random;
  readonly presence: (account: Account, type: 'available' | 'unavailable') => void;
  /** How many messages are kept of each person. */
  readonly kept: number;
  /** How many receipts, and how many things that wait for somebody to ask. */
  readonly keptReceipts: number;
  /** How many steps of ratchets each person remembers as used. */
  readonly keptSteps: number;
  /** Ids of messages that a reader asked for again. */
  readonly retried: Set<string>;
  /** A line for whoever looks for the cause of a failure. */
  readonly note: (line: string) => void;
  readonly notes: readonly string[];
  readonly report: (error: unknown) => void;
}

export interface ContactDetails {
  readonly name?: string;
  /** Companion devices beside the phone. */
  readonly devices?: number;
  readonly business?: boolean;
  readonly registered?: boolean;
  /** Writes by hidden id, not by number. */
  readonly lid?: boolean;
  readonly faultyTrial?: boolean;
}

/** Everybody whom the network plays: makes them, finds them, hands them their post. */
export class People implements Handsets {
  readonly #world: World;
  readonly #everyoneExists: boolean;
  readonly #contacts = new Map<string, Contact>();
  readonly #signal;
  readonly #senderKeys;
  readonly #manners = new Map<string, Manner>();
  #nextInbound = 1;

  constructor(world: World, everyoneExists: boolean) {
    this.#world = world;
    this.#everyoneExists = everyoneExists;
    this.#signal = keptSignal(world.store);
    this.#senderKeys = keptSenderKeys(world.store);
    for (const [number, manner] of world.store.all<Manner>('manner')) this.#manners.set(number, manner);
    world.directory.unknownNumber = (number) => this.#meet(number);
    world.directory.handsetKeys = (device) => this.#handset(device)?.signal.newOneTimeKey();
    for (const account of world.directory.accounts()) this.#play(account);
    this.#restoreMessages();
  }

  all(): Contact[] {
    return [...this.#contacts.values()];
  }

  find(number: string): Contact | undefined {
    return this.#contacts.get(number);
  }

  /** The person with this number, made when there is none; details given later change the person. */
  contact(number: string, details: ContactDetails = {}): Contact {
    if (!isValidNumber(number)) throw new Error(`${number} is no phone number: country code and digits only`);
    const { directory } = this.#world;
    const { name, business, registered = this.mannerOf(number).registered } = details;
    const known = {
      ...(name === undefined ? {} : { name }),
      ...(business === undefined ? {} : { business }),
      ...(registered === undefined ? {} : { registered }),
    };
    let contact = this.#contacts.get(number);
    if (!contact) contact = this.#play(directory.createAccount(number, known));
    else if (Object.keys(known).length > 0) directory.saveAccount(Object.assign(contact.account, known));
    while (contact.handsets.size < 1 + (details.devices ?? 0)) this.addDevice(contact);
    if (details.faultyTrial !== undefined) contact.faultyTrial = details.faultyTrial;
    if (details.lid !== undefined) contact.writesAs = details.lid ? 'lid' : 'pn';
    return contact;
  }

  addDevice(contact: Contact): Device {
    const id = this.#world.directory.takeDeviceId(contact.account);
    const handset = this.#newHandset(contact.account, id);
    contact.handsets.set(id, handset);
    return handset.device;
  }

  mannerOf(number: string): Manner {
    return this.#manners.get(number) ?? this.#contacts.get(number)?.manner ?? this.#tableManner(number);
  }

  setManner(number: string, manner: Manner): void {
    this.#manners.set(number, manner);
    this.#world.store.commit([{ kind: 'manner', id: number, value: manner }]);
    const contact = this.#contacts.get(number) ?? this.contact(number);
    contact.manner = manner;
    if (manner.registered !== undefined) contact.account.registered = manner.registered;
    this.#world.directory.saveAccount(contact.account);
  }

  /** Kept before the sender gets its ack: what was acknowledged is read, even by a network that was killed between. */
  takeMessage(number: string, copies: readonly Copy[]): Promise<void> {
    const contact = this.#contacts.get(number);
    if (!contact) return Promise.resolve();
    const id = `${number}/${String(this.#nextInbound++).padStart(12, '0')}`;
    const value = copies.map(({ device, node }): SavedCopy => [device.id, encodeBinaryNode(node)]);
    this.#world.store.commit([{ kind: 'inbound', id, value }]);
    return contact.take(copies, [{ kind: 'inbound', id }]);
  }

  takeReceipt(device: Device, receipt: Stanza): void {
    this.#contacts.get(device.number)?.takeReceipt(device, receipt);
  }

  takeChatState(number: string, from: string, state: string): void {
    this.#contacts.get(number)?.takeChatState({ from, state });
  }

  /** Reads what a killed network had acknowledged and not yet opened. */
  async resume(): Promise<void> {
    for (const [id, saved] of this.#world.store.all<SavedCopy[]>('inbound')) {
      const [number = '', sequence] = id.split('/');
      this.#nextInbound = Math.max(this.#nextInbound, Number(sequence) + 1);
      const copies: Copy[] = [];
      for (const [deviceId, encoded] of saved) {
        const device = this.#world.directory.device(number, deviceId);
        if (device) copies.push({ device, node: await decodeBinaryNode(Buffer.from(encoded)) });
      }
      await this.#contacts.get(number)?.take(copies, [{ kind: 'inbound', id }]);
    }
  }

  async stop(): Promise<void> {
    for (const contact of this.#contacts.values()) contact.stop();
    await Promise.all(this.all().map((contact) => contact.idle()));
  }

  #meet(number: string): void {
    if (!this.#everyoneExists || !isValidNumber(number)) return;
    this.contact(number);
  }

  #tableManner(number: string): Manner {
    return this.#everyoneExists ? (MANNERS[number] ?? ORDINARY) : ORDINARY;
  }

  #play(account: Account): Contact {
    const kept = this.#world.directory.devices(account.number).filter((device) => device.kind === 'handset');
    const ids = kept.length > 0 ? kept.map((device) => device.id) : [0];
    const handsets = new Map(ids.map((id) => [id, this.#newHandset(account, id)]));
    const contact = new Contact(account, handsets, this.mannerOf(account.number), this.#world);
    this.#contacts.set(account.number, contact);
    return contact;
  }

  #newHandset(account: Account, id: number): Handset {
    const { directory, store } = this.#world;
    const address = `${account.number}:${id}`;
    const signal = new SignalDevice(address, store, this.#signal);
    const device =
      directory.device(account.number, id) ??
      directory.addDevice({ number: account.number, id, kind: 'handset', keys: signal.publicKeys });
    const groups = new SenderKeys(address, this.#senderKeys.get(address) ?? []);
    return new Handset({ device, signal, groups, directory, store });
  }

  #handset(device: Device): Handset | undefined {
    return this.#contacts.get(device.number)?.handsets.get(device.id);
  }

  #restoreMessages(): void {
    const messages = byNumber(this.#world.store.all<SavedMessage>('message'));
    const sent = byNumber(this.#world.store.all<SavedSent>('sent'));
    for (const contact of this.all()) {
      contact.book.restore(messages.get(contact.number) ?? [], sent.get(contact.number) ?? []);
    }
  }
}

type SavedCopy = [device: number, encoded: Buffer];

function byNumber<T>(rows: readonly [string, T][]): Map<string, T[]> {
  const sorted = new Map<string, T[]>();
  for (const [id, value] of rows) {
    const number = id.split('/')[0] ?? '';
    const list = sorted.get(number);
    if (list) list.push(value);
    else sorted.set(number, [value]);
  }
  return sorted;
}
