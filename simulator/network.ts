import { AdminServer } from './admin.ts';
import { AppStates } from './app-state.ts';
import { mediaAuthority } from './authority.ts';
import { type Clock, systemClock, Timers } from './clock.ts';
import type { Contact } from './contact.ts';
import { Counters } from './counters.ts';
import { type Account, type Device, Directory } from './directory.ts';
import { Faults } from './faults.ts';
import { type Group, Groups } from './groups.ts';
import { type Namespace, SERVER_JID, toNumber } from './jid.ts';
import { Mailboxes } from './mailbox.ts';
import type { Manner } from './manners.ts';
import { MediaHost } from './media.ts';
import { serverIdentity } from './noise.ts';
import { Pairing, randomId } from './pairing.ts';
import { type ContactDetails, People, type World } from './people.ts';
import { Phone } from './phone.ts';
import { freshSeed, type Random, seededRandom } from './random.ts';
import { Router } from './routing.ts';
import { conflict, Server, type StanzaHook } from './server.ts';
import { Sessions } from './sessions.ts';
import { stanza } from './stanza.ts';
import { openStore } from './store.ts';
import { Transcript, type TranscriptEntry, type TranscriptFilter } from './transcript.ts';

export interface NetworkOptions {
  readonly host?: string;
  /** 0, the default: any free port. */
  readonly port?: number;
  readonly mediaPort?: number;
  /** Port of the admin door; absent: no such door. */
  readonly adminPort?: number;
  /** SQLite file that keeps the whole network over restarts; absent: memory. Media blobs lie beside it. */
  readonly storage?: string;
  /** Of chance in faults and ids; keys are always random. */
  readonly seed?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Sandbox: any valid number is somebody, and the table of manners holds. Default: only who was created. */
  readonly everyoneExists?: boolean;
  /** How many stanzas the transcript holds. */
  readonly transcriptLimit?: number;
  /** Errors inside the network that no caller waits for; default: collected in `network.errors`. */
  readonly onError?: (error: unknown) => void;
}

/** A WhatsApp network: the unmodified client pairs with it, logs in, and sends to people who really decrypt. */
export class Network {
  readonly url: string;
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
  readonly #phones = new Map<string, Phone>();

  constructor(inside: Inside, host: string) {
    this.#inside = inside;
    this.url = `ws://${host}:${inside.server.port}/ws/chat`;
    this.mediaAuthority = inside.authority;
    this.rootKey = inside.rootKey;
    this.certificate = inside.certificate;
    this.faults = inside.world.faults;
    this.transcript = inside.transcript;
    this.counters = inside.world.counters;
    this.media = inside.world.media;
    this.seed = inside.world.faults.seed;
    this.errors = inside.errors;
    inside.greet.with = (device) => this.phone(device.number).greet(device);
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
    const number = toNumber(numberOrJid);
    const contact = this.#inside.people.contact(number, details);
    let phone = this.#phones.get(number);
    if (!phone) {
      phone = new Phone(contact, this.#inside.phoneParts);
      this.#phones.set(number, phone);
    }
    return phone;
  }

  /** Somebody who has WhatsApp; made at the first mention, unless `registered: false` says that there is nobody. */
  contact(numberOrJid: string, details: ContactDetails = {}): Contact {
    return this.#inside.people.contact(toNumber(numberOrJid), details);
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
  nextStanza(filter: TranscriptFilter, { timeoutMs = 10_000 } = {}): Promise<TranscriptEntry> {
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
  waitingFor(address: string) {
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

  async stop(): Promise<void> {
    const { server, pairing, world, people, store } = this.#inside;
    await this.#admin?.stop();
    await server.stop();
    world.timers.stop();
    pairing.stop();
    await people.stop();
    await world.media.stop();
    store.close();
  }
}

type Inside = Awaited<ReturnType<typeof assemble>>;

/** Starts a network; `stop()` ends all of it. */
export async function startNetwork(options: NetworkOptions = {}): Promise<Network> {
  const { host = '127.0.0.1', port = 0 } = options;
  const inside = await assemble(options, host);
  await inside.server.start(host, port);
  const network = new Network(inside, host);
  await inside.people.resume();
  if (options.adminPort !== undefined) await network.openAdmin(options.adminPort);
  return network;
}

/** Every object of the network, made by hand in order. */
async function assemble(options: NetworkOptions, host: string) {
  const errors: unknown[] = [];
  const notes: string[] = [];
  const report = options.onError ?? ((error: unknown) => errors.push(error));
  const store = openStore(options.storage);
  const timers = new Timers(options.clock ?? systemClock, report);
  const seed = options.seed ?? freshSeed();
  const random = options.random ?? seededRandom(seed);
  const identity = serverIdentity(store);
  const authority = mediaAuthority(store);
  const transcript = new Transcript(timers, options.transcriptLimit ?? 5000);
  const counters = new Counters();
  const directory = new Directory(store);
  const mailboxes = await Mailboxes.open(store);
  const groups = new Groups({ directory, store, timers, random });
  const appStates = new AppStates(store);
  const faults: Faults = new Faults(seed, random, {
    disconnect: (code, account) => server.disconnect(code, account),
    applySilence: () => server.applySilence(),
    expireMedia: (path) => media.expire(path),
  });
  const folder = options.storage === undefined ? undefined : `${options.storage}-media`;
  const mediaOptions = { host, port: options.mediaPort ?? 0, authority, store, folder, faults: () => faults, report };
  const media: MediaHost = await MediaHost.start(mediaOptions);
  const live = (device: Device) => server.live(device);
  const router = new Router({ directory, mailboxes, groups, faults, counters, timers, live, report });
  groups.notify = (device, node) => router.toClient(device, node);
  directory.lowOnKeys = (device, value) => {
    const attributes = { from: SERVER_JID, type: 'encrypt', id: randomId(), t: timers.seconds() };
    router.toClient(device, stanza('notification', attributes, [stanza('count', { value })]));
  };
  const note = (line: string) => {
    notes.push(line);
    if (notes.length > 2000) notes.splice(0, 1000);
  };
  const presence = (account: Account, type: 'available' | 'unavailable') =>
    router.presence(account, type, sessions.subscribers(account.number));
  const retried = new Set<string>();
  const world: World = {
    directory,
    store,
    router,
    groups,
    media,
    faults,
    counters,
    timers,
    random,
    presence,
    retried,
    note,
    notes,
    report,
  };
  const people = new People(world, options.everyoneExists ?? false);
  router.attach(people);
  const greet: { with: (device: Device) => Promise<void> } = { with: () => Promise.resolve() };
  const devicesChanged = (account: Account) => tellOfDevices(account, directory, timers, router);
  const removeDevice = (device: Device) => {
    const connection = server.connections.find((one) => one.device === device.address);
    directory.removeDevice(device);
    mailboxes.clear(device);
    connection?.end(conflict('device_removed'));
    devicesChanged(directory.needAccount(device.number));
  };
  const identityOf = (number: string) => {
    const phone = people.find(number)?.handsets.get(0);
    if (!phone) throw new Error(`${number} has no phone`);
    return phone.signal.identity;
  };
  const paired = (device: Device) => devicesChanged(directory.needAccount(device.number));
  const pairing = new Pairing({ directory, timers, identityOf, paired, report });
  const sessions: Sessions = new Sessions({
    directory,
    mailboxes,
    pairing,
    router,
    faults,
    timers,
    queries: { directory, groups, media, appStates, faults, timers, remove: removeDevice },
    server: () => server,
    greet: (device) => {
      greet.with(device).catch(report);
    },
    report,
  });
  const server: Server = new Server({
    identity,
    faults,
    transcript,
    onHello: (connection, noiseKey, payload) => sessions.hello(connection, noiseKey, payload),
    onStanza: (connection, node) => sessions.take(connection, node),
    onClosed: (connection) => sessions.closed(connection),
    report,
  });
  const isConnected = (device: Device) => server.live(device) !== undefined;
  const phoneParts = { world, people, pairing, appStates, directory, isConnected, removeDevice };
  return {
    world,
    people,
    pairing,
    server,
    store,
    mailboxes,
    transcript,
    phoneParts,
    greet,
    errors,
    authority: authority.ca,
    rootKey: new Uint8Array(identity.root.public),
    certificate: new Uint8Array(identity.intermediate),
  };
}

/** The account's own other clients learn that its device list has changed; strangers ask the directory. */
function tellOfDevices(account: Account, directory: Directory, timers: Timers, router: Router): void {
  const devices = directory.devices(account.number);
  const from = directory.jid(account, 'pn');
  const list = devices.map((device) => stanza('device', { jid: directory.jid(account, 'pn', device.id) }));
  for (const device of devices) {
    if (device.kind !== 'client') continue;
    const attributes = { from, type: 'devices', id: randomId(), t: timers.seconds() };
    router.toClient(device, stanza('notification', attributes, [stanza('update', { device_hash: '2:sim' }, list)]));
  }
}
