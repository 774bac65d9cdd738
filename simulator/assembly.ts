import { AppStates } from './app-state.ts';
import { mediaAuthority } from './authority.ts';
import { Channels } from './channels.ts';
import { type Clock, systemClock, Timers } from './clock.ts';
import { Counters } from './counters.ts';
import { type Account, type Device, Directory } from './directory.ts';
import { Faults } from './faults.ts';
import { conflict } from './goodbye.ts';
import { Groups } from './groups.ts';
import { SERVER_JID } from './jid.ts';
import { Mailboxes } from './mailbox.ts';
import { MediaHost } from './media.ts';
import { serverIdentity } from './noise.ts';
import { Pairing, randomId } from './pairing.ts';
import { type ContactDetails, People, type World } from './people.ts';
import { Phone } from './phone.ts';
import { freshSeed, type Random, seededRandom } from './random.ts';
import { Router } from './routing.ts';
import { Server } from './server.ts';
import { Sessions } from './sessions.ts';
import { stanza } from './stanza.ts';
import { openStore } from './store.ts';
import { Transcript } from './transcript.ts';

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
  /** How many messages each way are kept of each person; the oldest go first. Default: 20,000, and 100,000 steps of ratchets. */
  readonly kept?: number;
  /** How many receipts, and how many things that wait for a test to ask for them. Default: as many. */
  readonly keptReceipts?: number;
  /** Bytes of media that are kept; the oldest go first. Default: all. */
  readonly mediaRoom?: number;
  /** Errors inside the network that no caller waits for; default: collected in `network.errors`. */
  readonly onError?: (error: unknown) => void;
}

/** Every object of the network, made by hand in order. */
export async function assemble(options: NetworkOptions, host: string) {
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
  const channels = new Channels({
    counters,
    timers,
    random,
    kept: options.kept ?? 20_000,
    everyChannelExists: options.everyoneExists ?? false,
  });
  const appStates = new AppStates(store);
  const faults: Faults = new Faults(seed, random, {
    disconnect: (code, account) => server.disconnect(code, account),
    applySilence: () => server.applySilence(),
    expireMedia: (path) => media.expire(path),
  });
  const folder = options.storage === undefined ? undefined : `${options.storage}-media`;
  const media: MediaHost = await MediaHost.start({
    host,
    port: options.mediaPort ?? 0,
    authority,
    store,
    folder,
    room: options.mediaRoom ?? Number.POSITIVE_INFINITY,
    faults: () => faults,
    report,
  });
  const live = (device: Device) => server.live(device);
  const router = new Router({ directory, mailboxes, groups, channels, faults, counters, timers, live, report });
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
    kept: options.kept ?? 20_000,
    keptReceipts: options.keptReceipts ?? options.kept ?? 20_000,
    keptSteps: options.kept ?? 100_000,
    retried,
    note,
    notes,
    report,
  };
  const people = new People(world, options.everyoneExists ?? false);
  router.attach(people);
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
  const pairing = new Pairing({ directory, faults, timers, identityOf, paired });
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
      phone(device.number).greet(device).catch(report);
    },
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
  const addDevice = (number: string): Device => {
    const contact = people.contact(number);
    const added = people.addDevice(contact);
    devicesChanged(contact.account);
    tellOthers(contact.account, added, directory, timers, router);
    return added;
  };
  const isConnected = (device: Device) => server.live(device) !== undefined;
  const phoneParts = { world, pairing, appStates, directory, isConnected, removeDevice };
  const phones = new Map<string, Phone>();
  const phone = (number: string, details: ContactDetails = {}): Phone => {
    const contact = people.contact(number, details);
    const known = phones.get(number) ?? new Phone(contact, phoneParts);
    phones.set(number, known);
    return known;
  };
  return {
    world,
    people,
    channels,
    pairing,
    server,
    store,
    mailboxes,
    transcript,
    phone,
    addDevice,
    errors,
    authority: authority.ca,
    rootKey: new Uint8Array(identity.root.public),
    certificate: new Uint8Array(identity.intermediate),
  };
}

export type Inside = Awaited<ReturnType<typeof assemble>>;

/** The account's own other clients learn its whole list of devices anew. */
function tellOfDevices(account: Account, directory: Directory, timers: Timers, router: Router): void {
  const devices = directory.devices(account.number);
  const from = directory.jid(account, 'pn');
  const list = devices.map((device) => stanza('device', { jid: directory.jid(account, 'pn', device.id) }));
  for (const device of devices) {
    if (device.kind !== 'client') continue;
    const attributes = { from, type: 'account_sync', id: randomId(), t: timers.seconds() };
    router.toClient(device, stanza('notification', attributes, [stanza('devices', { dhash: '2:sim' }, list)]));
  }
}

/** The clients of all others learn of one that is new, in both of its account's names. */
function tellOthers(account: Account, added: Device, directory: Directory, timers: Timers, router: Router): void {
  const name = (device = 0) => ({
    jid: directory.jid(account, 'pn', device),
    lid: directory.jid(account, 'lid', device),
  });
  const { jid: from, lid } = name();
  const change = stanza('add', { device_hash: '2:sim' }, [stanza('device', name(added.id))]);
  for (const { number } of directory.accounts()) {
    if (number === account.number) continue;
    for (const device of directory.devices(number)) {
      if (device.kind !== 'client') continue;
      const attributes = { from, lid, type: 'devices', id: randomId(), t: timers.seconds() };
      router.toClient(device, stanza('notification', attributes, [change]));
    }
  }
}
