import type { Clock } from '../base/clock.ts';
import { failure } from '../base/errors.ts';
import type { Chat, DeviceRow, InboxRow, MessageRow, Store } from '../store/index.ts';
import {
  type Around,
  type BubbleView,
  heardBubble,
  type Quote,
  quotedIdOf,
  quoteOfHeard,
  quoteOfSent,
  sentBubble,
} from './chats/bubbles.ts';
import type { MessageView } from './contract.ts';
import type { Fleet } from './fleet.ts';
import { readBody } from './inbox/rows.ts';
import type { Inbox } from './inbox.ts';
import { viewOf, waitOf } from './messages.ts';

/** What people and the gateway wrote to each other, as the inbox of the dashboard shows it. */
export interface ChatView {
  readonly deviceId: number;
  readonly deviceName: string;
  /** As a recipient is written: digits where the number is known, else a JID. */
  readonly peer: string;
  readonly isGroup: boolean;
  /** How the person calls themselves: a stranger's words. */
  readonly name: string | null;
  readonly unread: number;
  /** The person wants no more messages. */
  readonly optedOut: boolean;
  readonly last: LastView | null;
}

export interface LastView {
  readonly by: 'them' | 'us';
  readonly name: string | null;
  readonly type: string;
  readonly text: string | null;
  readonly state: MessageView['state'] | null;
  readonly at: number;
}

export interface ChatQuery {
  readonly deviceId?: number | undefined;
  readonly q?: string | undefined;
  readonly unread?: boolean | undefined;
  readonly kind?: 'person' | 'group' | undefined;
  readonly limit: number;
  readonly page: number;
}

export interface Thread {
  readonly chat: ChatView;
  /** The oldest first. */
  readonly messages: readonly BubbleView[];
  /** To ask for what was before; null: that was all. */
  readonly before: string | null;
}

/** Throws `not_found` for a device that is not the account's. */
export interface Chats {
  list(
    accountId: number,
    query: ChatQuery,
  ): Promise<{ readonly rows: readonly ChatView[]; readonly total: number; readonly unread: number }>;
  thread(
    accountId: number,
    deviceId: number,
    peer: string,
    query: { readonly before?: string | undefined; readonly limit: number },
  ): Promise<Thread>;
  /** Everything in it. Throws `device_not_connected`, `send_failed`. */
  read(accountId: number, deviceId: number, peer: string): Promise<ChatView>;
}

/** Bodies are sealed: words are looked for in so many of the newest messages. */
const SEARCHED = 2_000;
/** One `read` tells WhatsApp of a hundred messages. */
const MOST_READS = 20;
const CURSOR = /^(\d{1,16})-(\d{1,16})$/;
const FROM_THE_END = { heard: Number.MAX_SAFE_INTEGER, sent: Number.MAX_SAFE_INTEGER };

export function createChats({
  store,
  fleet,
  inbox,
  clock,
}: {
  readonly store: Pick<Store, 'chats' | 'devices' | 'inbox' | 'conversations'>;
  readonly fleet: Pick<Fleet, 'isConnected' | 'hold'>;
  readonly inbox: Pick<Inbox, 'read'>;
  readonly clock: Pick<Clock, 'now'>;
}): Chats {
  async function need(accountId: number, deviceId: number): Promise<DeviceRow> {
    const row = await store.devices.find(accountId, deviceId);
    if (row === undefined) throw failure('not_found', { what: 'The device' });
    return row;
  }

  const sentView = (row: MessageRow) => viewOf(row, waitOf(row, fleet, clock.now()));

  /** What a list says of these conversations, in their order. */
  async function views(accountId: number, devices: readonly DeviceRow[], chats: readonly Chat[], heads: InboxRow[]) {
    const newest = mapOf(heads, ({ peer }) => peer);
    const named = mapOf(await store.chats.lastHeard(accountId, chats), ({ peer }) => peer);
    const sent = mapOf(await store.chats.lastSent(accountId, chats), ({ recipient }) => recipient);
    const unread = new Map((await store.chats.unread(accountId, chats)).map((it) => [keyOf(it), it.count]));
    const out = new Map<number, ReadonlySet<string>>();
    for (const { id } of devices) {
      const peers = chats.filter(({ device_id }) => device_id === id).map(({ peer }) => peer);
      out.set(id, await store.conversations.optedOut(id, peers));
    }
    return chats.map(({ device_id, peer }): ChatView => {
      const key = keyOf({ device_id, peer });
      const isGroup = peer.endsWith('@g.us');
      const heard = named.get(key);
      return {
        deviceId: device_id,
        deviceName: devices.find(({ id }) => id === device_id)?.name ?? '',
        peer,
        isGroup,
        name: isGroup || heard === undefined ? null : readBody(heard).pushName,
        unread: unread.get(key) ?? 0,
        optedOut: out.get(device_id)?.has(peer) ?? false,
        last: later(newest.get(key), sent.get(key), sentView),
      };
    });
  }

  /** The newest message of each conversation in which the words stand, and those whose number has the digits. */
  async function search(
    accountId: number,
    devices: readonly DeviceRow[],
    { q = '', unread, kind }: Pick<ChatQuery, 'q' | 'unread' | 'kind'>,
  ): Promise<InboxRow[]> {
    const ids = devices.map(({ id }) => id);
    const words = q.trim().toLowerCase();
    const digits = /^[\d\s()+.-]{3,}$/.test(words) ? words.replace(/\D/g, '').replace(/^0/, '') : undefined;
    const heads = new Map<string, InboxRow>();
    const found = new Set<string>();
    for (const row of await store.chats.newest(accountId, ids, SEARCHED)) {
      const key = keyOf(row);
      if (!heads.has(key)) heads.set(key, row);
      const { text, pushName, media } = readBody(row);
      const has = [text, pushName, media?.fileName].some((one) => one?.toLowerCase().includes(words));
      if (has) found.add(key);
    }
    if (digits !== undefined)
      for (const row of (await store.chats.list(accountId, ids, { digits, limit: 200, page: 1 })).rows) {
        heads.set(keyOf(row), row);
        found.add(keyOf(row));
      }
    const rows = [...heads].filter(([key]) => found.has(key)).map(([, row]) => row);
    const kept = rows.filter(({ peer }) => kind === undefined || (kind === 'group') === peer.endsWith('@g.us'));
    const waiting = new Set(unread ? (await store.chats.unread(accountId, kept)).map(keyOf) : []);
    return kept.filter((row) => !unread || waiting.has(keyOf(row))).sort((a, b) => b.id - a.id);
  }

  async function around(accountId: number, chat: Chat, heard: InboxRow[], sent: MessageRow[]): Promise<Around> {
    const ids = [...new Set([...heard, ...sent].map(({ whatsapp_id }) => whatsapp_id))];
    const changes = await store.inbox.changesOf(accountId, chat.device_id, ids);
    const asked = [...heard.map(({ refers_to }) => refers_to), ...sent.map(quotedIdOf)].filter((id) => id !== null);
    const named = await store.chats.named(accountId, chat, [...new Set(asked)]);
    const quotes = new Map<string, Quote>();
    for (const row of named.heard) quotes.set(row.whatsapp_id, quoteOfHeard(row));
    for (const row of named.sent) quotes.set(row.whatsapp_id, quoteOfSent(row, sentView(row)));
    return { changes, quotes };
  }

  async function chat(accountId: number, device: DeviceRow, peer: string): Promise<ChatView> {
    const one = { device_id: device.id, peer };
    const heads = await store.chats.heard(accountId, one, Number.MAX_SAFE_INTEGER, 1);
    const [view] = await views(accountId, [device], [one], heads);
    if (view === undefined) throw failure('not_found', { what: 'The conversation' });
    return view;
  }

  return {
    async list(accountId, { deviceId, q, limit, page, ...filter }) {
      const devices = deviceId === undefined ? await store.devices.list(accountId) : [await need(accountId, deviceId)];
      const ids = devices.map(({ id }) => id);
      const { total: unread } = await store.chats.list(accountId, ids, { unread: true, limit: 1, page: 1 });
      if (q === undefined || q.trim() === '') {
        const { rows, total } = await store.chats.list(accountId, ids, { ...filter, limit, page });
        return { rows: await views(accountId, devices, rows.map(chatOf), rows), total, unread };
      }
      const all = await search(accountId, devices, { q, ...filter });
      const rows = all.slice((page - 1) * limit, page * limit);
      return { rows: await views(accountId, devices, rows.map(chatOf), rows), total: all.length, unread };
    },

    async thread(accountId, deviceId, peer, { before, limit }) {
      const device = await need(accountId, deviceId);
      const one = { device_id: deviceId, peer };
      const [, heardBefore, sentBefore] = CURSOR.exec(before ?? '') ?? [];
      const from =
        heardBefore === undefined || sentBefore === undefined
          ? FROM_THE_END
          : { heard: Number(heardBefore), sent: Number(sentBefore) };
      const heard = await store.chats.heard(accountId, one, from.heard, limit + 1);
      const sent = await store.chats.sent(accountId, one, from.sent, limit + 1);
      // Each list is in the order of its ids; the two meet by the time at which the gateway got to know of a message.
      const merged = [
        ...heard.map((row) => ({ at: row.created_at, heard: row, sent: undefined })),
        ...sent.map((row) => ({ at: row.created_at, heard: undefined, sent: row })),
      ].sort((a, b) => b.at - a.at);
      const shown = merged.slice(0, limit);
      const shownHeard = shown.flatMap(({ heard: row }) => row ?? []);
      const shownSent = shown.flatMap(({ sent: row }) => row ?? []);
      const nearby = await around(accountId, one, shownHeard, shownSent);
      return {
        chat: await chat(accountId, device, peer),
        messages: shown
          .toReversed()
          .flatMap(({ heard: came, sent: went }) =>
            came ? heardBubble(came, nearby) : went ? sentBubble(went, sentView(went), nearby) : [],
          ),
        before:
          merged.length > limit ? `${shownHeard.at(-1)?.id ?? from.heard}-${shownSent.at(-1)?.id ?? from.sent}` : null,
      };
    },

    async read(accountId, deviceId, peer) {
      const device = await need(accountId, deviceId);
      const one = { device_id: deviceId, peer };
      for (let round = 0; round < MOST_READS; round += 1) {
        const heads = await store.chats.unreadHeads(accountId, one);
        if (heads.length === 0) break;
        for (const id of heads) await inbox.read({ accountId, deviceId }, id);
      }
      return chat(accountId, device, peer);
    },
  };
}

const keyOf = ({ device_id, peer }: Chat): string => `${device_id} ${peer}`;
const chatOf = ({ device_id, peer }: Chat): Chat => ({ device_id, peer });

const mapOf = <T extends { readonly device_id: number }>(rows: readonly T[], peerOf: (row: T) => string) =>
  new Map(rows.map((row) => [keyOf({ device_id: row.device_id, peer: peerOf(row) }), row]));

function later(
  heard: InboxRow | undefined,
  sent: MessageRow | undefined,
  sentView: (row: MessageRow) => MessageView,
): LastView | null {
  if (sent !== undefined && (heard === undefined || sent.created_at >= heard.created_at))
    return {
      by: 'us',
      name: null,
      type: sent.type,
      text: sentView(sent).message,
      state: sent.state,
      at: sent.created_at,
    };
  if (heard === undefined) return null;
  const { text, pushName } = readBody(heard);
  const by = heard.direction === 'in' ? 'them' : 'us';
  return { by, name: by === 'them' ? pushName : null, type: heard.type, text, state: null, at: heard.created_at };
}
