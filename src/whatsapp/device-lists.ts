import type { BinaryNode, PossiblyExtendedCacheStore } from 'baileys';
import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import { userOf } from './jid.ts';
import type { DeviceMemory } from './memory.ts';
import { childOf, childrenOf } from './queries.ts';

/** The devices of people, as Baileys' `userDevicesCache`, kept across restarts. */
export interface DeviceLists extends PossiblyExtendedCacheStore {
  /**
   * Holds what is known of these users until the release: a list that a notification drops between the check and the send would
   * make Baileys ask again, and write a message to nobody when the answer does not come.
   */
  hold(users: readonly string[]): Promise<() => void>;
  /** At one time: a send that begins between two of them would have to ask twice. */
  mdel(users: string[]): Promise<void>;
}

/**
 * Every fresh answer with a LID makes Baileys open new sessions with all devices of that user, which burns their one-time
 * pre-keys. Its own cache forgets after five minutes and at each restart; this one is told by WhatsApp when a list changes
 * (device notifications, which also come after an absence, and a new `phash` in an ack), so a week is only the last resort.
 * `usersOfChange` reads the notifications.
 */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;
const IN_MEMORY = 2_000;
/** Beside Baileys' own rows of this type, whose ids are bare users. */
const rowId = (user: string) => `list|${user}`;

interface Entry {
  readonly at: number;
  readonly devices: unknown;
}

export function createDeviceLists({
  memory,
  clock,
  onFailure,
}: {
  memory: Pick<DeviceMemory, 'readKeys' | 'writeKeys'>;
  clock: Pick<Clock, 'now'>;
  /** The cache could not be kept. Nothing is lost but the saving. */
  onFailure: (error: Error) => void;
}): DeviceLists {
  // A Map keeps the order of insertion: the first entry is the one unused for longest. One without devices was dropped: what is read by then,
  // or as long as its row could not be deleted, is what was there before.
  const known = new Map<string, Entry>();
  const held = new Map<string, { devices: unknown; times: number }>();

  function keep(user: string, entry: Entry): void {
    known.delete(user);
    known.set(user, entry);
    const [oldest] = known.keys();
    if (known.size > IN_MEMORY && oldest !== undefined) known.delete(oldest);
  }

  async function load(users: readonly string[]): Promise<Record<string, unknown>> {
    const found: Record<string, unknown> = {};
    const missing = users.filter((user) => !known.has(user) && !held.has(user));
    if (missing.length > 0) {
      const rows = await memory.readKeys('device-list', missing.map(rowId));
      for (const user of missing) {
        const entry = parse(rows.get(rowId(user)));
        if (entry && !known.has(user)) keep(user, entry);
      }
    }
    for (const user of users) {
      const entry = known.get(user);
      const devices =
        held.get(user)?.devices ?? (entry && clock.now() - entry.at < KEPT_MS ? entry.devices : undefined);
      if (devices !== undefined) found[user] = devices;
    }
    return found;
  }

  async function store(entries: readonly { key: string; value: unknown }[]): Promise<void> {
    const at = clock.now();
    for (const { key, value } of entries) keep(key, { at, devices: value });
    await write(
      entries.map(({ key, value }) => ({ id: rowId(key), value: Buffer.from(JSON.stringify({ at, devices: value })) })),
    );
  }

  async function drop(users: readonly string[]): Promise<void> {
    for (const user of users) keep(user, { at: clock.now(), devices: undefined });
    await write(users.map((user) => ({ id: rowId(user), value: null })));
  }

  /** Baileys calls this amid a send, which must not fail for a cache. */
  async function write(rows: readonly { id: string; value: Uint8Array | null }[]): Promise<void> {
    if (rows.length === 0) return;
    await memory
      .writeKeys(rows.map((row) => ({ type: 'device-list' as const, ...row })))
      .catch((error) => onFailure(asError(error)));
  }

  return {
    get: async <T>(user: string) => (await load([user]))[user] as T,
    set: (user, value) => store([{ key: user, value }]),
    del: (user) => drop([user]),
    mget: async <T>(users: string[]) => (await load(users)) as Record<string, T | undefined>,
    mset: (entries) => store(entries),
    mdel: (users) => drop(users),
    flushAll: () => known.clear(),
    async hold(users) {
      const found = await load(users);
      for (const [user, devices] of Object.entries(found))
        held.set(user, { devices, times: (held.get(user)?.times ?? 0) + 1 });
      return () => {
        for (const user of Object.keys(found)) {
          const holding = held.get(user);
          if (holding && holding.times > 1) holding.times -= 1;
          else held.delete(user);
        }
      };
    },
  };
}

/**
 * Whose lists a notification makes stale. A person has a list under each of their two names, and WhatsApp tells a change in both: `lid` beside
 * `from`, and beside the `jid` of each device. Baileys changes the list of `jid` alone, and none of our own (`account_sync`; `own`: both names).
 */
export function usersOfChange(node: BinaryNode, own: readonly (string | undefined)[]): string[] {
  const { type, from, lid } = node.attrs;
  const isOwn = type === 'account_sync';
  const changes = isOwn ? [childOf(node, 'devices')] : Array.isArray(node.content) ? node.content : [];
  const devices = changes.flatMap((change) => childrenOf(change, 'device'));
  if (isOwn && changes[0] === undefined) return [];
  const names = [from, lid, ...devices.flatMap(({ attrs }) => [attrs.jid, attrs.lid]), ...(isOwn ? own : [])];
  return [...new Set(names.flatMap((jid) => (jid ? [userOf(jid)] : [])))];
}

/** A row that cannot be parsed is a cache that is empty. */
function parse(bytes: Uint8Array | undefined): Entry | undefined {
  if (!bytes) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    return typeof value === 'object' &&
      value !== null &&
      'at' in value &&
      typeof value.at === 'number' &&
      'devices' in value &&
      Array.isArray(value.devices)
      ? { at: value.at, devices: value.devices }
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
