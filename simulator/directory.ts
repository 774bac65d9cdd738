import { createHash } from 'node:crypto';
import { formatJid, type Jid, LID, type Namespace, NET, parseJid } from './jid.ts';
import type { Store } from './store.ts';

export interface Account {
  /** Phone number, digits only. */
  readonly number: string;
  /** User part of the hidden id. */
  readonly lid: string;
  name: string;
  business: boolean;
  registered: boolean;
  about: string;
  /** Numbers whose messages the server drops on this account's behalf. */
  blocked: string[];
  nextDevice: number;
}

/** The public half of a device's keys, as the server knows it; 32 bytes each. */
export interface PublicKeys {
  registrationId: number;
  identity: Buffer;
  signed: { id: number; key: Buffer; signature: Buffer };
}

export interface Device {
  readonly number: string;
  readonly id: number;
  /** `number:id`. */
  readonly address: string;
  /** A client logs in over the wire; a handset is played by the network itself. */
  readonly kind: 'client' | 'handset';
  keys: PublicKeys;
  /** Of clients only: who knows the private half of this may log in as the device. */
  noiseKey?: Buffer;
  platform?: string;
  /** First login done: history and keys were sent. */
  greeted?: boolean;
}

export interface OneTimeKey {
  readonly id: number;
  readonly key: Buffer;
}

export interface Bundle extends PublicKeys {
  oneTime?: OneTimeKey;
}

/** Baileys uploads more when the server says that fewer than five are left. */
const KEYS_LOW = 4;

export function addressOf(number: string, device: number): string {
  return `${number}:${device}`;
}

/** Accounts, devices and one-time keys: all that the server knows about who is who. */
export class Directory {
  readonly #store: Store;
  readonly #accounts = new Map<string, Account>();
  readonly #byLid = new Map<string, Account>();
  readonly #devices = new Map<string, Map<number, Device>>();
  readonly #oneTime = new Map<string, Map<number, Buffer>>();
  /** Makes one-time keys of handsets when they are asked for; set by who plays the handsets. */
  handsetKeys: (device: Device) => OneTimeKey | undefined = () => undefined;
  /** A client device has few one-time keys left; set by who can tell it. */
  lowOnKeys: (device: Device, left: number) => void = () => undefined;
  /** A chance to create an account that nobody has made yet (sandbox: everyone exists). */
  unknownNumber: (number: string) => void = () => undefined;

  constructor(store: Store) {
    this.#store = store;
    for (const [, account] of store.all<Account>('account')) this.#remember(account);
    for (const [, device] of store.all<Device>('device')) this.#devicesOf(device.number).set(device.id, device);
    for (const [id, key] of store.all<Buffer>('one-time-key')) {
      const [address = '', keyId] = id.split('/');
      this.#keysOf(address).set(Number(keyId), key);
    }
  }

  accounts(): Account[] {
    return [...this.#accounts.values()];
  }

  account(number: string): Account | undefined {
    if (!this.#accounts.has(number)) this.unknownNumber(number);
    return this.#accounts.get(number);
  }

  has(number: string): boolean {
    return this.#accounts.has(number);
  }

  needAccount(number: string): Account {
    const account = this.#accounts.get(number);
    if (!account) throw new Error(`nobody has the number ${number} in this network`);
    return account;
  }

  createAccount(number: string, details: Partial<Omit<Account, 'number' | 'lid'>> = {}): Account {
    const account: Account = {
      number,
      lid: hiddenId(number),
      name: `Contact ${number.slice(-4)}`,
      business: false,
      registered: true,
      about: 'Hey there! I am using WhatsApp.',
      blocked: [],
      nextDevice: 1,
      ...details,
    };
    this.#remember(account);
    this.saveAccount(account);
    return account;
  }

  saveAccount(account: Account): void {
    this.#store.commit([{ kind: 'account', id: account.number, value: account }]);
  }

  /** The account an address names, whichever of its two names it uses. */
  accountOf(jid: Jid | string | undefined): Account | undefined {
    const parsed = typeof jid === 'string' ? parseJid(jid) : jid;
    if (!parsed) return undefined;
    return parsed.server === LID ? this.#byLid.get(parsed.user) : this.account(parsed.user);
  }

  deviceOf(jid: string | undefined): Device | undefined {
    const parsed = parseJid(jid);
    const account = this.accountOf(parsed);
    return account?.registered && parsed ? this.device(account.number, parsed.device) : undefined;
  }

  device(number: string, id: number): Device | undefined {
    return this.#devices.get(number)?.get(id);
  }

  devices(number: string): Device[] {
    return [...(this.#devices.get(number)?.values() ?? [])].sort((a, b) => a.id - b.id);
  }

  byAddress(address: string): Device | undefined {
    const [number = '', id] = address.split(':');
    return this.device(number, Number(id));
  }

  addDevice(device: Omit<Device, 'address'>): Device {
    const whole: Device = { ...device, address: addressOf(device.number, device.id) };
    this.#devicesOf(device.number).set(device.id, whole);
    this.saveDevice(whole);
    return whole;
  }

  /** Device ids are never used twice, so that no old session can meet a new device. */
  takeDeviceId(account: Account): number {
    const id = account.nextDevice;
    account.nextDevice += 1;
    this.saveAccount(account);
    return id;
  }

  saveDevice(device: Device): void {
    this.#store.commit([{ kind: 'device', id: device.address, value: device }]);
  }

  removeDevice(device: Device): void {
    this.#devices.get(device.number)?.delete(device.id);
    const keys = [...this.#keysOf(device.address).keys()];
    this.#oneTime.delete(device.address);
    this.#store.commit([
      { kind: 'device', id: device.address },
      ...keys.map((id) => ({ kind: 'one-time-key', id: `${device.address}/${id}` })),
    ]);
  }

  oneTimeKeyCount(device: Device): number {
    return this.#keysOf(device.address).size;
  }

  addOneTimeKeys(device: Device, keys: readonly OneTimeKey[]): void {
    for (const { id, key } of keys) this.#keysOf(device.address).set(id, key);
    this.#store.commit(
      keys.map(({ id, key }) => ({ kind: 'one-time-key', id: `${device.address}/${id}`, value: key })),
    );
  }

  /** Each one-time key is handed out once. */
  takeOneTimeKey(device: Device): OneTimeKey | undefined {
    if (device.kind === 'handset') return this.handsetKeys(device);
    const first = this.#keysOf(device.address).entries().next();
    if (first.done) return undefined;
    const [id, key] = first.value;
    this.#keysOf(device.address).delete(id);
    this.#store.commit([{ kind: 'one-time-key', id: `${device.address}/${id}` }]);
    const left = this.oneTimeKeyCount(device);
    if (left === KEYS_LOW) this.lowOnKeys(device, left);
    return { id, key };
  }

  jid(account: Account, namespace: Namespace, device = 0): string {
    return namespace === 'lid' ? formatJid(account.lid, LID, device) : formatJid(account.number, NET, device);
  }

  #remember(account: Account): void {
    this.#accounts.set(account.number, account);
    this.#byLid.set(account.lid, account);
  }

  #devicesOf(number: string): Map<number, Device> {
    let devices = this.#devices.get(number);
    if (!devices) {
      devices = new Map();
      this.#devices.set(number, devices);
    }
    return devices;
  }

  #keysOf(address: string): Map<number, Buffer> {
    let keys = this.#oneTime.get(address);
    if (!keys) {
      keys = new Map();
      this.#oneTime.set(address, keys);
    }
    return keys;
  }
}

/** Fifteen digits that follow from the number, so that a network without storage gives the same ids again. */
function hiddenId(number: string): string {
  const digest = createHash('sha256').update(`lid ${number}`).digest().readBigUInt64BE(0);
  return String(100_000_000_000_000n + (digest % 800_000_000_000_000n));
}
