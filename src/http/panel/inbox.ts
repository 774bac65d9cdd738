import { z } from 'zod';
import { label, messageId, text, word } from '../v1/fields.ts';
import { groupData } from '../v1/groups.ts';
import { digits, idInQuery, paging } from './fields.ts';
import { chatData, chatMessageData, fileLinkData } from './inbox-schemas.ts';
import { forSession, type PanelRow, reader, sender } from './row.ts';

const tag = 'Dashboard: inbox';

const device = { id: digits('Of the device.') };
const chatParams = z.object({
  ...device,
  peer: z
    .string()
    .regex(/^[\w.:-]{1,64}(@[a-z.]{2,32})?$/)
    .meta({ description: 'As `peer` of the conversation.' }),
});

const list = forSession(reader, {
  method: 'GET',
  path: '/inbox',
  operation: {
    id: 'panelChats',
    tag,
    summary: 'Conversations',
    description:
      'With whom a device has talked because they wrote to it, or its own phone wrote to them; the one with the newest of these first. `q` finds numbers everywhere, and names and words in the newest 2,000 messages: bodies are encrypted at rest.',
  },
  query: z.object({
    ...paging(100, 30),
    device_id: idInQuery('device_id', 'Only of this device; absent: of all.').optional(),
    q: label('q', 200, 'Words to look for.').optional(),
    show: word('show', ['unread', 'people', 'groups'], 'Only these.').optional(),
  }),
  data: z.object({
    chats: z.array(chatData),
    unread: z.int().meta({ description: 'Conversations with unread messages, whatever the filters.' }),
  }),
  isList: true,
  failures: ['not_found', 'validation_failed'],
  async handle({ who, query }, { chats }) {
    const { limit, page, q, show } = query;
    const { rows, total, unread } = await chats.list(who.accountId, {
      deviceId: query.device_id,
      q,
      limit,
      page,
      unread: show === 'unread',
      kind: show === 'people' ? 'person' : show === 'groups' ? 'group' : undefined,
    });
    return { data: { chats: rows, unread }, pagination: { limit, page, total } };
  },
});

const thread = forSession(reader, {
  method: 'GET',
  path: '/devices/{id}/chats/{peer}',
  operation: {
    id: 'panelChat',
    tag,
    summary: 'One conversation, both directions',
    description:
      'The newest messages, the oldest of them first, with what later ones made of them (edits, deletions, reactions). Also of somebody who has never written. `before` of the answer asks for what was earlier.',
  },
  params: chatParams,
  query: z.object({
    limit: paging(100, 50).limit,
    before: z
      .string()
      .regex(/^\d{1,16}-\d{1,16}$/, { error: 'before must be what an answer gave' })
      .optional()
      .meta({ description: '`before` of an answer.' }),
  }),
  data: z.object({
    chat: chatData,
    messages: z.array(chatMessageData),
    before: z.string().nullable().meta({ description: 'null: there is nothing earlier.' }),
  }),
  failures: ['not_found', 'validation_failed'],
  handle: async ({ who, params: { id, peer }, query }, { chats }) => ({
    data: await chats.thread(who.accountId, id, peer, query),
  }),
});

const read = forSession(sender, {
  method: 'POST',
  path: '/devices/{id}/chats/{peer}/read',
  operation: {
    id: 'panelReadChat',
    tag,
    summary: 'Mark a conversation as read',
    description: 'Its people see blue ticks.',
  },
  params: chatParams,
  data: chatData,
  failures: ['not_found', 'device_not_connected', 'send_failed', 'rate_limited'],
  handle: async ({ who, params: { id, peer } }, { chats }) => ({ data: await chats.read(who.accountId, id, peer) }),
});

const react = forSession(sender, {
  method: 'POST',
  path: '/devices/{id}/reactions',
  operation: {
    id: 'panelReact',
    tag,
    summary: 'React to a message',
    description: 'Waits for WhatsApp’s acknowledgement; uses no quota. Without `emoji` the reaction is taken back.',
  },
  params: z.object(device),
  body: z.object({ message_id: messageId, emoji: text('emoji', 30, 'One emoji; absent: take it back.').optional() }),
  failures: ['not_found', 'device_not_connected', 'refused_by_whatsapp', 'send_failed', 'rate_limited'],
  async handle({ who, params: { id }, body }, { history, replies }) {
    const caller = await history.callerOf(who.accountId, id);
    await replies.react(caller, body.message_id, body.emoji ?? '');
    return {};
  },
});

const file = forSession(reader, {
  method: 'GET',
  path: '/devices/{id}/files/{inbox_id}',
  operation: {
    id: 'panelInboxFile',
    tag,
    summary: 'A link to the file of an incoming message',
    description:
      'The link expires. The file is fetched from WhatsApp when it is asked for the first time, which needs the device to be connected.',
  },
  params: z.object({ ...device, inbox_id: digits('`inbox_id` of the message.') }),
  data: fileLinkData,
  failures: ['not_found', 'device_not_connected', 'media_gone'],
  async handle({ who, params: { id, inbox_id } }, { inbox }) {
    const { path, expiresAt, media } = await inbox.media({ accountId: who.accountId, deviceId: id }, inbox_id);
    const { mimetype, filename, bytes } = media;
    return { data: { url: path, expiresAt, mimetype, filename, bytes } };
  },
});

const groups = forSession(reader, {
  method: 'GET',
  path: '/devices/{id}/groups',
  operation: {
    id: 'panelGroups',
    tag,
    summary: 'Groups of a device',
    description: 'By name. Messages tell the id of their group only. Asked of WhatsApp, and kept for a minute.',
  },
  params: z.object(device),
  data: z.array(groupData),
  failures: ['not_found', 'device_not_connected', 'whatsapp_unavailable'],
  async handle({ who, params: { id } }, { history, groups: book }) {
    return { data: [...(await book.list(await history.callerOf(who.accountId, id)))] };
  },
});

export const inboxRows: readonly PanelRow[] = [list, thread, read, react, file, groups];
