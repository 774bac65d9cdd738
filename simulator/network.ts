import { AdminServer } from './admin.ts';
import { assemble, type Inside, type NetworkOptions } from './assembly.ts';
import type { Channel } from './channels.ts';
import type { Contact } from './contact.ts';
import type { Counters } from './counters.ts';
import type { Faults } from './faults.ts';
import type { Group } from './groups.ts';
import { type Namespace, toNumber } from './jid.ts';
import type { Manner } from './manners.ts';
import type { MediaHost } from './media.ts';
import type { ContactDetails } from './people.ts';
import type { Phone } from './phone.ts';
import type { StanzaHook } from './server.ts';
import { type Stanza, stanza } from './stanza.ts';
import type { Transcript, TranscriptEntry, TranscriptFilter } from './transcript.ts';

/** A WhatsApp network: the unmodified client pairs with it, logs in, and sends to people who really decrypt. */
export class Network {
  readonly #host: string;
  /** PEM of the CA that media clients must trust. */
  readonly mediaAuthority: string;
  /** Public key of the root of the server's certificate, 32 bytes. */
  readonly rootKey: Uint8Array;
  /** Details of the intermediate certificate, by which a client can recognise this very network. */
  readonly certificate: Uint8Array;
  readonly faults: Faults;
  readonly transcript: Transcript;
  readonly counters: Counters;
  readonly media: MediaHost;
  readonly seed: number;
  /** What went wrong inside the network and was nobody's to hear of. */
  readonly errors: readonly unknown[];
  readonly #inside: Inside;
  #admin: AdminServer | undefined;
  #stopped: Promise<void> | undefined;

  constructor(inside: Inside, host: string) {
    this.#inside = inside;
    this.#host = host;
    this.mediaAuthority = inside.authority;
    this.rootKey = inside.rootKey;
    this.certificate = inside.certificate;
    this.faults = inside.world.faults;
    this.transcript = inside.transcript;
    this.counters = inside.world.counters;
    this.media = inside.world.media;
    this.seed = inside.world.faults.seed;
    this.errors = inside.errors;
  }

  get url(): string {
    return `ws://${this.#host}:${this.#inside.server.port}/ws/chat`;
  }

  /** Base of the admin door, when there is one. */
  get adminUrl(): string | undefined {
    return this.#admin && `http://127.0.0.1:${this.#admin.port}`;
  }

  async openAdmin(port: number): Promise<void> {
    this.#admin = await AdminServer.start(this, '127.0.0.1', port);
  }

  /** A person with a handset; made at the first mention. */
  phone(numberOrJid: string, details: ContactDetails = {}): Phone {
    return this.#inside.phone(toNumber(numberOrJid), details);
  }

  /** Somebody who has WhatsApp; made at the first mention, unless `registered: false` says that there is nobody. */
  contact(numberOrJid: string, details: ContactDetails = {}): Contact {
    return this.#inside.people.contact(toNumber(numberOrJid), details);
  }

  /** Somebody links one more companion: everybody is told. Gives its number. */
  addDevice(numberOrJid: string): number {
    return this.#inside.addDevice(toNumber(numberOrJid)).id;
  }

  contacts(): Contact[] {
    return this.#inside.people.all();
  }

  /** The first member made it. Members are phones, contacts or their numbers. */
  group(subject: string, members: readonly (string | { readonly number: string })[], addressing?: Namespace): Group {
    const numbers = members.map((member) => (typeof member === 'string' ? toNumber(member) : member.number));
    const [creator] = numbers;
    if (!creator) throw new Error('a group has members');
    for (const number of numbers) this.contact(number);
    return this.#inside.world.groups.create(creator, subject, numbers, addressing);
  }

  /** A channel in which this person posts. */
  channel(owner: string | { readonly number: string }): Channel {
    const number = typeof owner === 'string' ? toNumber(owner) : owner.number;
    this.contact(number);
    return this.#inside.channels.create(number);
  }

  get groups(): Group[] {
    return this.#inside.world.groups.all();
  }

  /** A member changes the group: add, remove, promote, demote, subject, announcement … */
  changeGroup(group: Group, actor: string, verb: string, details: { members?: string[]; text?: string } = {}): void {
    const participants = (details.members ?? []).map((one) => stanza('participant', { jid: this.contact(one).lid }));
    const content = details.text === undefined ? participants : Buffer.from(details.text);
    const answer = this.#inside.world.groups.change(group, toNumber(actor), stanza(verb, {}, content));
    if ('error' in answer) throw new Error(`${verb}: ${answer.error} ${answer.text}`);
  }

  onStanza(hook: StanzaHook): () => void {
    return this.#inside.server.hook(hook);
  }

  /** The next stanza that fits, from now on. */
  nextStanza(filter: TranscriptFilter, { timeoutMs = 30_000 } = {}): Promise<TranscriptEntry> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        off();
        reject(new Error(`waited ${timeoutMs} ms in vain for a stanza: ${filter}`));
      }, timeoutMs);
      const off = this.transcript.watch((entry) => {
        if (!filter(entry)) return;
        clearTimeout(timer);
        off();
        resolve(entry);
      });
    });
  }

  /** Drops the live sockets, of one account or all, without a goodbye. */
  cut(numberOrJid?: string): void {
    this.#inside.server.cut(numberOrJid === undefined ? undefined : toNumber(numberOrJid));
  }

  /** Numbers and devices that are connected now. */
  connected(): string[] {
    return this.#inside.server.connections.flatMap((one) => (one.stage === 'open' ? [one.name] : []));
  }

  /** What a device has not yet confirmed, oldest first. */
  waitingFor(address: string): Stanza[] {
    const device = this.#inside.world.directory.byAddress(address);
    return device ? this.#inside.mailboxes.waiting(device) : [];
  }

  /** Throws away a client's one-time keys until `left` remain: as if many strangers had written to it. */
  drainOneTimeKeys(address: string, left: number): void {
    const { directory } = this.#inside.world;
    const device = directory.byAddress(address);
    if (!device) throw new Error(`no device ${address}`);
    while (directory.oneTimeKeyCount(device) > left) directory.takeOneTimeKey(device);
  }

  manner(numberOrJid: string, manner: Manner): void {
    this.#inside.people.setManner(toNumber(numberOrJid), manner);
  }

  /** Ends all of it; may be called twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { server, pairing, world, people, channels, store } = this.#inside;
    await this.#admin?.stop();
    await server.stop();
    world.timers.stop();
    pairing.stop();
    channels.stop();
    await people.stop();
    await world.media.stop();
    store.close();
  }
}

/** Starts a network; `stop()` ends all of it. */
export async function startNetwork(options: NetworkOptions = {}): Promise<Network> {
  const { host = '127.0.0.1', port = 0 } = options;
  const inside = await assemble(options, host);
  const network = new Network(inside, host);
  try {
    await inside.server.start(host, port);
    await inside.people.resume();
    if (options.adminPort !== undefined) await network.openAdmin(options.adminPort);
    return network;
  } catch (error) {
    // A port that is taken must leave nothing running.
    await network.stop();
    throw error;
  }
}
