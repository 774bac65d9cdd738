import { type Selectable, type SelectQueryBuilder, sql } from 'kysely';
import type { Context } from './context.ts';
import { type InboxRow, openInbox } from './inbox.ts';
import { type MessageRow, notByAccount, openMessage } from './message.ts';
import type { MessageTable, Tables } from './schema.ts';

/** A conversation of a device, by the name that both tables have for it: `inbox.peer` and `message.recipient`. */
export interface Chat {
  readonly device_id: number;
  readonly peer: string;
}

export interface ChatFilter {
  readonly unread?: boolean | undefined;
  readonly kind?: 'person' | 'group' | undefined;
  /** A part of the number. */
  readonly digits?: string | undefined;
}

/** Rows that change another one and are shown at it, not beside it. */
const CHANGES = ['edit', 'deletion', 'reaction'] as const;

export type Chats = ReturnType<typeof createChats>;

/** Both directions of what a device talks about with somebody: what came in (`inbox`) and what it sent (`message`). */
export function createChats(context: Context) {
  const { db } = context;
  const openSent = (row: Selectable<MessageTable>) => openMessage(context, row);

  const inboxOf = (account_id: number, devices: readonly number[]) =>
    db.selectFrom('inbox').where('device_id', 'in', devices).where('account_id', '=', account_id);

  /** Only `device_id`, `peer` and `id` are read: the index holds them, and the sealed bodies stay where they are. */
  function heads(devices: readonly number[], { unread, kind, digits }: ChatFilter) {
    let query = db.selectFrom('inbox').where('device_id', 'in', devices).groupBy(['device_id', 'peer']);
    if (kind !== undefined) query = query.where('peer', kind === 'group' ? 'like' : 'not like', '%@g.us');
    if (digits !== undefined) query = query.where('peer', 'like', `%${digits.replace(/\D/g, '')}%`);
    if (unread)
      query = query.where((eb) =>
        eb(
          eb.refTuple('device_id', 'peer'),
          'in',
          fresh(eb.selectFrom('inbox').where('device_id', 'in', devices))
            .select(['device_id', 'peer'])
            .groupBy(['device_id', 'peer'])
            .$asTuple('device_id', 'peer'),
        ),
      );
    return query;
  }

  return {
    /** The newest row of each conversation, the newest first, and how many conversations there are. */
    async list(
      account_id: number,
      devices: readonly number[],
      { limit, page, ...filter }: ChatFilter & { readonly limit: number; readonly page: number },
    ): Promise<{ rows: InboxRow[]; total: number }> {
      if (devices.length === 0) return { rows: [], total: 0 };
      const all = heads(devices, filter);
      const { total } = await db
        .selectFrom(all.select('device_id').as('chats'))
        .select((eb) => eb.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow();
      const rows = await inboxOf(account_id, devices)
        .selectAll()
        .where(
          'id',
          'in',
          all
            .select((eb) => eb.fn.max('id').as('id'))
            .orderBy('id', 'desc')
            .limit(limit)
            .offset((page - 1) * limit),
        )
        .orderBy('id', 'desc')
        .execute();
      return { rows: rows.map((row) => openInbox(context, row)), total };
    },

    /** The newest rows of all, to look for words in: bodies are sealed. */
    async newest(account_id: number, devices: readonly number[], limit: number): Promise<InboxRow[]> {
      if (devices.length === 0) return [];
      // Of each device by its index: of several at once SQLite would read every row and sort them all.
      const ids: number[] = [];
      for (const device_id of devices) {
        const newest = db.selectFrom('inbox').select('id').where('device_id', '=', device_id);
        ids.push(...(await newest.orderBy('id', 'desc').limit(limit).execute()).map(({ id }) => id));
      }
      const oldest = ids.sort((a, b) => b - a)[limit - 1] ?? 0;
      const rows = await inboxOf(account_id, devices)
        .selectAll()
        .where('id', '>=', oldest)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => openInbox(context, row));
    },

    /** The newest of each conversation that somebody else wrote: it knows their name. */
    async lastHeard(account_id: number, chats: readonly Chat[]): Promise<InboxRow[]> {
      if (chats.length === 0) return [];
      const { devices, peers } = apart(chats);
      const rows = await inboxOf(account_id, devices)
        .selectAll()
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('inbox')
            .select((of) => of.fn.max('id').as('id'))
            .where('device_id', 'in', devices)
            .where('peer', 'in', peers)
            .where('direction', '=', 'in')
            .groupBy(['device_id', 'peer']),
        )
        .execute();
      return rows.map((row) => openInbox(context, row));
    },

    /** The newest that the gateway sent in each conversation. */
    async lastSent(account_id: number, chats: readonly Chat[]): Promise<MessageRow[]> {
      if (chats.length === 0) return [];
      const { devices, peers } = apart(chats);
      const rows = await db
        .selectFrom('message')
        .selectAll()
        .where('account_id', '=', account_id)
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('message')
            .select((of) => of.fn.max('id').as('id'))
            .where('device_id', 'in', devices)
            .where('recipient', 'in', peers)
            .groupBy(['device_id', 'recipient']),
        )
        .execute();
      return rows.map(openSent);
    },

    /** How many messages wait to be read in each conversation that has any. */
    async unread(account_id: number, chats: readonly Chat[]): Promise<(Chat & { readonly count: number })[]> {
      if (chats.length === 0) return [];
      const { devices, peers } = apart(chats);
      return fresh(inboxOf(account_id, devices))
        .where('peer', 'in', peers)
        .select((eb) => ['device_id', 'peer', eb.fn.countAll<number>().as('count')])
        .groupBy(['device_id', 'peer'])
        .execute();
    },

    /** Of the conversation, the newest that is unread under each name that WhatsApp has for it. */
    async unreadHeads(account_id: number, { device_id, peer }: Chat): Promise<number[]> {
      const rows = await inboxOf(account_id, [device_id])
        .where('peer', '=', peer)
        .where('direction', '=', sql.lit('in'))
        .where('read_at', 'is', null)
        .select((eb) => eb.fn.max('id').as('id'))
        .groupBy('chat')
        .execute();
      return rows.map(({ id }) => id);
    },

    /** What came in with an id below `before`, the newest first. */
    async heard(account_id: number, { device_id, peer }: Chat, before: number, limit: number): Promise<InboxRow[]> {
      const rows = await inboxOf(account_id, [device_id])
        .selectAll()
        .where('peer', '=', peer)
        .where('type', 'not in', CHANGES)
        .where('id', '<', before)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => openInbox(context, row));
    },

    /** What was sent with an id below `before`, the newest first. */
    async sent(account_id: number, { device_id, peer }: Chat, before: number, limit: number): Promise<MessageRow[]> {
      const rows = await db
        .selectFrom('message')
        .selectAll()
        .where('device_id', '=', device_id)
        .where(notByAccount, '=', account_id)
        .where('recipient', '=', peer)
        .where('id', '<', before)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(openSent);
    },

    /** Messages of either direction by their WhatsApp ids; only of this chat, for an id is its writer's choice. */
    async named(
      account_id: number,
      { device_id, peer }: Chat,
      whatsapp_ids: readonly string[],
    ): Promise<{ heard: InboxRow[]; sent: MessageRow[] }> {
      if (whatsapp_ids.length === 0) return { heard: [], sent: [] };
      const heard = await inboxOf(account_id, [device_id])
        .selectAll()
        .where('whatsapp_id', 'in', whatsapp_ids)
        .where('peer', '=', peer)
        .execute();
      const sent = await db
        .selectFrom('message')
        .selectAll()
        .where('device_id', '=', device_id)
        .where('account_id', '=', account_id)
        .where('whatsapp_id', 'in', whatsapp_ids)
        .where('recipient', '=', peer)
        .execute();
      return { heard: heard.map((row) => openInbox(context, row)), sent: sent.map(openSent) };
    },
  };
}

type Select = SelectQueryBuilder<Tables, 'inbox', object>;

/** Unread messages; a reaction or an edit alone makes no conversation unread. */
const fresh = (query: Select): Select =>
  query
    // Literal, because SQLite uses no index that could depend on a parameter's value.
    .where('direction', '=', sql.lit('in'))
    .where('read_at', 'is', null)
    .where('type', 'not in', CHANGES);

const apart = (chats: readonly Chat[]) => ({
  devices: [...new Set(chats.map(({ device_id }) => device_id))],
  peers: [...new Set(chats.map(({ peer }) => peer))],
});
