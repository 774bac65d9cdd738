import { type Insertable, type Selectable, type SelectQueryBuilder, sql } from 'kysely';
import type { Context } from './context.ts';
import { assertOwner, type Owner } from './fence.ts';
import type { InboxTable } from './inbox-schema.ts';
import type { Tables } from './schema.ts';
import { about, openJson, sealJson } from './seals.ts';

/** What a message says, as JSON; its shape is the gateway's (`gateway/inbox/rows.ts`). Sealed at rest. */
export type InboxBody = Readonly<Record<string, unknown>>;
export type InboxRow = Omit<Selectable<InboxTable>, 'sealed_body' | 'sealed_proto'> & { readonly body: InboxBody };

export type NewInboxRow = Omit<
  Insertable<InboxTable>,
  | 'id'
  | 'account_id'
  | 'device_id'
  | 'sealed_body'
  | 'sealed_proto'
  | 'created_at'
  | 'read_at'
  | 'media_key'
  | 'media_bytes'
> & { readonly body: InboxBody; readonly proto: Uint8Array };

export interface InboxFilter {
  readonly direction?: 'in' | 'out' | undefined;
  /** As `peer` has it. */
  readonly chat?: string | undefined;
  /** Digits, or the bare JID of a sender. */
  readonly from?: string | undefined;
  readonly type?: string | undefined;
  /** Unix ms of `created_at`: from `since` on, before `until`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Only rows with a greater id, and the oldest first. */
  readonly after?: number | undefined;
}

export type Inbox = ReturnType<typeof createInbox>;

/** What the file of a message is called, wherever files are kept. */
export const receivedFileOf = ({ device_id, id }: Pick<InboxRow, 'device_id' | 'id'>): string => `${device_id}/${id}`;

type Select = SelectQueryBuilder<Tables, 'inbox', object>;

/** The row as others see it, its body opened. */
export const openInbox = (
  { vault }: Pick<Context, 'vault'>,
  { sealed_body, sealed_proto: _, ...row }: Selectable<InboxTable>,
): InboxRow => ({
  ...row,
  body: openJson<InboxBody>(vault, sealed_body, about.inbox(row, row.sender, row.whatsapp_id)),
});

/** What people wrote to a device, and what was written on its own phone. */
export function createInbox(context: Context) {
  const { db, vault, clock } = context;
  const open = (row: Selectable<InboxTable>): InboxRow => openInbox(context, row);
  const ofDevice = (account_id: number, device_id: number) =>
    db.selectFrom('inbox').where('device_id', '=', device_id).where('account_id', '=', account_id);
  /** The same, the tenant asked of the device, once: so that what only counts reads nothing but an index. */
  const allOf = (account_id: number, device_id: number) =>
    db
      .selectFrom('inbox')
      .where('device_id', '=', device_id)
      .where((eb) =>
        eb.exists(
          eb.selectFrom('device').select('id').where('id', '=', device_id).where('account_id', '=', account_id),
        ),
      );

  return {
    /** Undefined when it is there already. Throws StaleOwner. */
    async insert(owner: Owner, { body, proto, ...row }: NewInboxRow): Promise<InboxRow | undefined> {
      await assertOwner(context, owner);
      const { account_id, device_id } = owner;
      const stored = await db
        .insertInto('inbox')
        .values({
          ...row,
          account_id,
          device_id,
          sealed_body: sealJson(vault, body, about.inbox(owner, row.sender, row.whatsapp_id)),
          sealed_proto: vault.seal(proto, about.received(owner, row.sender, row.whatsapp_id)),
          created_at: clock.now(),
          read_at: null,
          media_key: null,
          media_bytes: null,
        })
        .onConflict((conflict) => conflict.columns(['device_id', 'chat', 'sender', 'whatsapp_id']).doNothing())
        .returningAll()
        .executeTakeFirst();
      return stored && open(stored);
    },

    /** Removes the word of a message that can be seen once, whose copy came after all. False: there is none. */
    async dropViewOnce(
      { account_id, device_id }: Owner,
      { chat, sender, whatsapp_id }: Pick<NewInboxRow, 'chat' | 'sender' | 'whatsapp_id'>,
    ): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('inbox')
        .where('device_id', '=', device_id)
        .where('account_id', '=', account_id)
        .where('chat', '=', chat)
        .where('sender', '=', sender)
        .where('whatsapp_id', '=', whatsapp_id)
        .where('type', '=', 'view_once')
        .executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    },

    async find(account_id: number, device_id: number, id: number): Promise<InboxRow | undefined> {
      const row = await ofDevice(account_id, device_id).selectAll().where('id', '=', id).executeTakeFirst();
      return row && open(row);
    },

    /** All of this WhatsApp id, the newest first: an id is its writer's choice, and two may have chosen the same. */
    async withWhatsappId(account_id: number, device_id: number, whatsapp_id: string): Promise<InboxRow[]> {
      const rows = await ofDevice(account_id, device_id)
        .selectAll()
        .where('whatsapp_id', '=', whatsapp_id)
        .orderBy('id', 'desc')
        .limit(20)
        .execute();
      return rows.map(open);
    },

    /** The decrypted protobuf. */
    async proto(account_id: number, device_id: number, id: number): Promise<Uint8Array | undefined> {
      const row = await ofDevice(account_id, device_id).selectAll().where('id', '=', id).executeTakeFirst();
      return row && vault.open(row.sealed_proto, about.received(row, row.sender, row.whatsapp_id));
    },

    /** One page, and the exact number of all that match. Newest first, but with `after`. */
    async list(
      account_id: number,
      device_id: number,
      { limit, page, ...filter }: InboxFilter & { readonly limit: number; readonly page: number },
    ): Promise<{ rows: InboxRow[]; total: number }> {
      const matching = filtered(allOf(account_id, device_id), filter);
      const { total } = await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      const rows = await matching
        .selectAll()
        .orderBy('id', filter.after === undefined ? 'desc' : 'asc')
        .limit(limit)
        .offset((page - 1) * limit)
        .execute();
      return { rows: rows.map(open), total };
    },

    /** The edits, deletions, reactions and votes about these messages, the oldest first. */
    async changesOf(account_id: number, device_id: number, whatsapp_ids: readonly string[]): Promise<InboxRow[]> {
      if (whatsapp_ids.length === 0) return [];
      const rows = await ofDevice(account_id, device_id)
        .selectAll()
        .where('refers_to', 'in', whatsapp_ids)
        .where('type', 'in', ['edit', 'deletion', 'reaction', 'poll_vote'])
        .orderBy('id')
        .execute();
      return rows.map(open);
    },

    /** The newest message of each chat, the newest chat first. */
    async conversations(account_id: number, device_id: number, limit: number, offset = 0): Promise<InboxRow[]> {
      const rows = await ofDevice(account_id, device_id)
        .selectAll()
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('inbox')
            .select((of) => of.fn.max('id').as('id'))
            .where('device_id', '=', device_id)
            .groupBy('peer'),
        )
        .orderBy('id', 'desc')
        .limit(limit)
        .offset(offset)
        .execute();
      return rows.map(open);
    },

    /** What is unread in the chat of a message up to it, the newest first. */
    async unreadUpTo(account_id: number, device_id: number, row: Pick<InboxRow, 'id' | 'chat'>, limit = 100) {
      const rows = await ofDevice(account_id, device_id)
        .select(['id', 'chat', 'sender', 'whatsapp_id'])
        .where('chat', '=', row.chat)
        .where('id', '<=', row.id)
        .where('read_at', 'is', null)
        .where('direction', '=', 'in')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows;
    },

    async markRead(account_id: number, device_id: number, ids: readonly number[], at: number): Promise<void> {
      if (ids.length === 0) return;
      await db
        .updateTable('inbox')
        .set({ read_at: at })
        .where('device_id', '=', device_id)
        .where('account_id', '=', account_id)
        .where('id', 'in', ids)
        .where('read_at', 'is', null)
        .execute();
    },

    /** False: the message is gone, and nothing in the database names the file. */
    async keepFile(account_id: number, device_id: number, id: number, key: string, bytes: number): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('inbox')
        .set({ media_key: key, media_bytes: bytes })
        .where('device_id', '=', device_id)
        .where('account_id', '=', account_id)
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    },

    /** Messages since then, after this one, whose file was not downloaded yet: the oldest first. */
    async withoutFile(
      account_id: number,
      device_id: number,
      since: number,
      after: number,
      limit = 100,
    ): Promise<number[]> {
      const rows = await ofDevice(account_id, device_id)
        .select('id')
        .where('id', '>', after)
        .where('has_media', '=', sql.lit(1))
        .where('media_key', 'is', null)
        .where('created_at', '>=', since)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },
  };
}

function filtered(query: Select, { direction, chat, from, type, since, until, after }: InboxFilter): Select {
  let matching = query;
  if (direction !== undefined) matching = matching.where('direction', '=', direction);
  // A number and a group have one name, and an index for it. Of a person's JID both are asked: the peer may be their number by now.
  if (chat?.includes('@') && !chat.endsWith('@g.us'))
    matching = matching.where((eb) => eb.or([eb('peer', '=', chat), eb('chat', '=', chat)]));
  else if (chat !== undefined) matching = matching.where('peer', '=', chat);
  if (from !== undefined)
    matching = matching.where((eb) => eb.or([eb('from_phone', '=', from), eb('from_lid', '=', from)]));
  if (type !== undefined) matching = matching.where('type', '=', type);
  if (since !== undefined) matching = matching.where('created_at', '>=', since);
  if (until !== undefined) matching = matching.where('created_at', '<', until);
  if (after !== undefined) matching = matching.where('id', '>', after);
  return matching;
}
