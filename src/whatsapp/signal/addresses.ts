import {
  isHostedLidUser,
  isHostedPnUser,
  isLidUser,
  isPnUser,
  jidDecode,
  type LIDMapping,
  WAJIDDomains,
} from 'baileys';
import { LIDMappingStore } from 'baileys/lib/Signal/lid-mapping.js';

/** How a jid is named in the rows: `user[_domain].device`, the very strings of stock Baileys, which deletes rows by them. */
export function signalAddress(jid: string): string {
  const decoded = jidDecode(jid);
  if (!decoded?.user) throw new Error(`JID decoded but user is empty: "${jid}"`);
  const { user, device, server, domainType } = decoded;
  if (device === 99 && server !== 'hosted' && server !== 'hosted.lid') {
    throw new Error(`Unexpected non-hosted device JID with device 99. This ID seems invalid. ID:${jid}`);
  }
  return address(user, domainType ?? WAJIDDomains.WHATSAPP, device ?? 0);
}

/** Rows of sender keys are never moved from phone number to LID: the author is named as the stanza named him, as in stock. */
export function senderKeyName(group: string, authorJid: string): string {
  const [user, device] = signalAddress(authorJid).split('.');
  return `${group}::${user}::${device}`;
}

function address(user: string, domain: number, device: number): string {
  return `${domain === WAJIDDomains.WHATSAPP ? user : `${user}_${domain}`}.${device}`;
}

const BOOK_SIZE = 20_000;

export type AddressBook = ReturnType<typeof createAddressBook>;

/**
 * Which LID belongs to which phone number, as far as this device has seen. One for all sockets that the device ever has.
 *
 * It must answer at once: `jidToSignalProtocolAddress` is synchronous, and Baileys deletes sessions by what it says (stock
 * gives the phone-number form there and so misses a session kept under the LID). It never asks the network: stock does,
 * inside each load and store of a session, and Baileys has already asked before it encrypts or decrypts.
 */
export function createAddressBook(seed?: (pnUser: string) => string | undefined) {
  const lidOf = new Map<string, string | null>();
  const pnOf = new Map<string, string>();

  function bound(map: Map<string, unknown>): void {
    if (map.size <= BOOK_SIZE) return;
    const oldest = map.keys().next().value;
    if (oldest !== undefined) map.delete(oldest);
  }

  /** `lidUser: null` says that the store has none. */
  function learn(pnUser: string, lidUser: string | null): void {
    lidOf.delete(pnUser);
    lidOf.set(pnUser, lidUser);
    bound(lidOf);
    if (!lidUser) return;
    pnOf.delete(lidUser);
    pnOf.set(lidUser, pnUser);
    bound(pnOf);
  }

  /** Takes the pair either way round, as Baileys does; ignores what is no pair. */
  function learnPair(pair: LIDMapping): void {
    const both = [pair.pn, pair.lid];
    const pnUser = jidDecode(both.find((jid) => isPnUser(jid) || isHostedPnUser(jid)))?.user;
    const lidUser = jidDecode(both.find((jid) => isLidUser(jid) || isHostedLidUser(jid)))?.user;
    if (pnUser && lidUser) learn(pnUser, lidUser);
  }

  function knownLid(pnUser: string): string | null | undefined {
    const known = lidOf.get(pnUser);
    return known === undefined ? seed?.(pnUser) : known;
  }

  /** Where the session with this jid is kept, by what is known now. */
  function addressOf(jid: string): string {
    const plain = signalAddress(jid);
    const phone = phoneOf(jid);
    const lidUser = phone && knownLid(phone.user);
    return phone && lidUser
      ? address(lidUser, phone.hosted ? WAJIDDomains.HOSTED_LID : WAJIDDomains.LID, phone.device)
      : plain;
  }

  /** The names under which this sender may have written: a message can come again after he moved from phone number to LID. */
  function namesOf(jid: string): string[] {
    const names = new Set([addressOf(jid), signalAddress(jid)]);
    const decoded = jidDecode(jid);
    const pnUser = decoded && (isLidUser(jid) || isHostedLidUser(jid)) ? pnOf.get(decoded.user) : undefined;
    if (pnUser) {
      const domain = isHostedLidUser(jid) ? WAJIDDomains.HOSTED : WAJIDDomains.WHATSAPP;
      names.add(address(pnUser, domain, decoded?.device ?? 0));
    }
    return [...names];
  }

  /** Fills the gap from the store's rows, once per phone number. Outside the lock. */
  async function look(jid: string, readLid: (pnUser: string) => Promise<string | undefined>): Promise<void> {
    const phone = phoneOf(jid);
    if (!phone || knownLid(phone.user) !== undefined) return;
    const stored = await readLid(phone.user);
    // A pair may have been learned meanwhile; that one is newer.
    if (knownLid(phone.user) === undefined) learn(phone.user, stored ?? null);
  }

  function forget(rowIds: readonly string[]): void {
    for (const id of rowIds) lidOf.delete(id);
  }

  return { learn, learnPair, addressOf, namesOf, look, forget };
}

function phoneOf(jid: string): { user: string; device: number; hosted: boolean } | undefined {
  const hosted = Boolean(isHostedPnUser(jid));
  if (!hosted && !isPnUser(jid)) return undefined;
  const decoded = jidDecode(jid);
  return decoded?.user ? { user: decoded.user, device: decoded.device ?? 0, hosted } : undefined;
}

/** Baileys' own mapping store, telling the address book of every pair that passes through it. */
export class ObservedLidMapping extends LIDMappingStore {
  readonly #learn: (pair: LIDMapping) => void;

  constructor(learn: (pair: LIDMapping) => void, ...rest: ConstructorParameters<typeof LIDMappingStore>) {
    super(...rest);
    this.#learn = learn;
  }

  override async storeLIDPNMappings(pairs: LIDMapping[]): Promise<void> {
    await super.storeLIDPNMappings(pairs);
    for (const pair of pairs) this.#learn(pair);
  }

  override async getLIDsForPNs(pns: string[]): Promise<LIDMapping[] | null> {
    const pairs = await super.getLIDsForPNs(pns);
    for (const pair of pairs ?? []) this.#learn(pair);
    return pairs;
  }

  override async getPNsForLIDs(lids: string[]): Promise<LIDMapping[] | null> {
    const pairs = await super.getPNsForLIDs(lids);
    for (const pair of pairs ?? []) this.#learn(pair);
    return pairs;
  }

  /**
   * An answer that comes after the end is still asked of the cache, but under no timer: one of three days held the whole connection in memory,
   * after one of twenty reconnections (test/soak).
   */
  override close(): void {
    super.close();
    const { mappingCache: cache } = this as unknown as { readonly mappingCache: Cache };
    const set = cache.set.bind(cache);
    cache.set = (key, value) => set(key, value, { ttl: 0 });
  }
}

/** What is used of lru-cache. */
interface Cache {
  set(key: string, value: string, options?: { readonly ttl: number }): unknown;
}
