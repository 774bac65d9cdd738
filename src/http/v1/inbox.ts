import { z } from 'zod';
import { isoMicros } from '../../base/clock.ts';
import type { InboxView } from '../../gateway/inbox.ts';
import { success } from '../envelope.ts';
import { forAnyone, forToken, type Row } from '../row.ts';
import { incomingData } from './event-schemas.ts';
import { atMost, idParams, label, time, whole, word } from './fields.ts';
import { paginationData } from './views.ts';

const tag = 'Inbox';

const inboxData = incomingData
  .extend({
    read_at: z.string().nullable(),
    edited_at: z.string().nullable().meta({ description: '`text` is the newest version then.' }),
    deleted_at: z.string().nullable().meta({ description: '`text` is null then.' }),
    reactions: z.array(z.object({ from: z.string().meta({ description: 'A number, or me.' }), emoji: z.string() })),
    votes: z
      .array(z.object({ from: z.string(), options: z.array(z.string()) }))
      .meta({ description: 'Of a poll: what each person has chosen now.' }),
    opted_out: z.boolean().meta({ description: 'The person of this chat wants no more messages now.' }),
  })
  .meta({ id: 'InboxMessage' });

const view = ({ message, shown, readAt, optedOut }: InboxView): z.input<typeof inboxData> => ({
  ...message,
  contacts: message.contacts && [...message.contacts],
  poll_options: message.poll_options && [...message.poll_options],
  poll_vote: message.poll_vote && [...message.poll_vote],
  text: shown.text,
  read_at: isoMicros(readAt),
  edited_at: isoMicros(shown.editedAt),
  deleted_at: isoMicros(shown.deletedAt),
  reactions: [...shown.reactions],
  votes: shown.votes.map(({ from, options }) => ({ from, options: [...options] })),
  opted_out: optedOut,
});

export const incomingExample: z.infer<typeof incomingData> = {
  id: 17,
  message_id: '3A5F0C1D2E3B4A596877',
  direction: 'in',
  chat: '628123456789',
  chat_id: '628123456789@s.whatsapp.net',
  is_group: false,
  from: '628123456789',
  from_phone: '628123456789',
  from_lid: '104857600000001@lid',
  push_name: 'Budi',
  offline: false,
  type: 'text',
  text: 'Apakah masih ada?',
  refers_to: null,
  media: null,
  location: null,
  contacts: null,
  poll_options: null,
  poll_vote: null,
  opt_out: false,
  timestamp: 1765483200,
  received_at: '2025-12-11T20:00:00.512000Z',
};

const example: z.infer<typeof inboxData> = {
  ...incomingExample,
  read_at: null,
  edited_at: null,
  deleted_at: null,
  reactions: [{ from: 'me', emoji: '👍' }],
  votes: [],
  opted_out: false,
};

const one = {
  200: { schema: success(inboxData), description: 'The message.', example: { success: true, data: example } },
};

const kinds = [
  'text', 'image', 'video', 'audio', 'voice', 'document', 'sticker', 'location', 'contact', 'poll', 'poll_vote',
  'reaction', 'edit', 'deletion', 'view_once', 'unknown',
] as const; // biome-ignore format: a list to be read as a paragraph

const list = forToken({
  method: 'GET',
  path: '/inbox',
  operation: {
    id: 'listInbox',
    tag,
    summary: 'Incoming messages',
    description:
      'What people wrote to this device, newest first, in pages. To follow it by polling, ask with `after`: then the oldest comes first, and the last `id` of an answer is the next `after`. Edits, deletions, reactions and votes are messages of their own, and what they refer to shows them, too.',
  },
  query: z.object({
    limit: atMost('limit', 1, 100, 50, 'Messages a page. What is above 100 is taken as 100.'),
    page: atMost('page', 1, 1_000_000_000, 1, 'Page.'),
    after: whole('after', 0, 1e14, 'Only messages with a greater id, the oldest first.').optional(),
    chat: label('chat', 255, 'Only of this chat: a number, however it is written, or an id.').optional(),
    from: label('from', 255, 'Only from this person.').optional(),
    type: word('type', kinds, 'Only of this kind.').optional(),
    direction: word('direction', ['in', 'out'], 'out: written on the device’s own phone.').optional(),
    since: time('since', 'Received then or later.').optional(),
    until: time('until', 'Received before then.').optional(),
  }),
  answers: {
    200: {
      schema: z.object({ success: z.literal(true), data: z.array(inboxData), pagination: paginationData }),
      description: 'A page of messages.',
      example: {
        success: true,
        data: [example],
        pagination: { current_page: 1, total_pages: 1, per_page: 50, total: 1 },
      },
    },
  },
  failures: ['validation_failed'],
  examples: { query: { limit: '10', type: 'text' } },
  async handle({ caller, query }, { inbox }) {
    const { rows, total } = await inbox.list(caller, query);
    return {
      status: 200,
      body: {
        success: true,
        data: rows.map(view),
        pagination: {
          current_page: query.page,
          total_pages: Math.max(1, Math.ceil(total / query.limit)),
          per_page: query.limit,
          total,
        },
      },
    };
  },
});

const find = forToken({
  method: 'GET',
  path: '/inbox/{id}',
  operation: { id: 'findInboxMessage', tag, summary: 'One incoming message', description: 'As a chat shows it now.' },
  params: idParams,
  answers: one,
  failures: ['not_found'],
  handle: async ({ caller, params }, { inbox }) => ({
    status: 200,
    body: { success: true, data: view(await inbox.find(caller, params.id)) },
  }),
});

const linkData = z
  .object({
    url: z.string().meta({ description: 'Opens the file for whoever has it, until `expires_at`. No token is needed.' }),
    expires_at: z.string(),
    mimetype: z.string().nullable(),
    filename: z.string().nullable(),
    bytes: z.int().nullable(),
  })
  .meta({ id: 'MediaLink' });

const media = forToken({
  method: 'GET',
  path: '/inbox/{id}/media',
  operation: {
    id: 'inboxMedia',
    tag,
    summary: 'The file of an incoming message',
    description:
      'Answers a link that expires. The file is fetched from WhatsApp when it is asked for the first time (or as it came, with MEDIA_DOWNLOAD=always), so this may take a moment and needs the device to be connected then.',
  },
  params: idParams,
  answers: {
    200: {
      schema: success(linkData),
      description: 'Where the file is.',
      example: {
        success: true,
        data: {
          url: 'https://wa.example.com/media/1.1.h.t6y2v4.3q2-7wAbCdEfGhIjKlMnOpQr',
          expires_at: '2025-12-11T21:00:00.000000Z',
          mimetype: 'image/jpeg',
          filename: null,
          bytes: 48213,
        },
      },
    },
  },
  failures: ['not_found', 'device_not_connected', 'media_gone'],
  async handle({ caller, params }, { inbox, url }) {
    const { path, expiresAt, media: facts } = await inbox.media(caller, params.id);
    const { mimetype, filename, bytes } = facts;
    return {
      status: 200,
      body: {
        success: true,
        data: { url: `${url()}${path}`, expires_at: isoMicros(expiresAt), mimetype, filename, bytes },
      },
    };
  },
});

const read = forToken({
  method: 'POST',
  path: '/inbox/{id}/read',
  operation: {
    id: 'readInboxMessage',
    tag,
    summary: 'Mark as read',
    description: 'The sender sees blue ticks on this message, and on what came before it in the same chat.',
  },
  params: idParams,
  answers: one,
  failures: ['not_found', 'device_not_connected', 'send_failed'],
  handle: async ({ caller, params }, { inbox }) => ({
    status: 200,
    body: { success: true, data: view(await inbox.read(caller, params.id)) },
  }),
});

export const inboxRows: readonly Row[] = [list, find, media, read];

export const openFile = forAnyone({
  method: 'GET',
  path: '/media/{link}',
  operation: {
    id: 'openMediaLink',
    tag,
    summary: 'Open a file by its link',
    description: 'The link is the key: it was signed by this server, and expires.',
  },
  params: z.object({
    link: z
      .string()
      .regex(/^[\w.-]{10,200}$/)
      .meta({ description: 'From GET /inbox/{id}/media.' }),
  }),
  produces: 'application/octet-stream',
  answers: {
    200: { schema: z.string().meta({ format: 'binary' }), description: 'The file, as an attachment.', example: '…' },
  },
  failures: ['not_found'],
  async handle({ params }, { inboxMedia }) {
    const { content, mimetype, filename, bytes } = await inboxMedia.open(params.link);
    return { status: 200, stream: { content, type: mimetype, filename, bytes } };
  },
});
