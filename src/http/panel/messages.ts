import { Readable } from 'node:stream';
import { z } from 'zod';
import { invalid } from '../../base/errors.ts';
import type { SendRequest } from '../../gateway/contract.ts';
import type { ReceivedFile } from '../row.ts';
import { flag, label, recipient, reference, replyTo, text, time, whole, word } from '../v1/fields.ts';
import { priorities, priorityWords } from '../v1/views.ts';
import { csvOf } from './csv.ts';
import { idInQuery, idOf, paging } from './fields.ts';
import { forSession, type PanelRow, reader, sender } from './row.ts';
import { messageData, stateWords } from './schemas.ts';

const tag = 'Dashboard: messages';
const params = idOf('message');

const filters = {
  device_id: idInQuery(
    'device_id',
    'Only of this device; absent: all devices of the account, deleted ones too.',
  ).optional(),
  status: word('status', ['pending', 'sent', 'failed'], 'Only these.').optional(),
  state: word('state', stateWords, 'Only these, finer than status.').optional(),
  recipient: label('recipient', 255, 'Only to this number, however it is written.').optional(),
  ref: label('ref', 255, 'Only with this id of the caller’s.').optional(),
  since: time('since', 'Accepted then or later.').optional(),
  until: time('until', 'Accepted before then.').optional(),
  q: label('q', 200, 'Words to look for.').optional(),
};

const filtersOf = (query: z.output<z.ZodObject<typeof filters>>) => ({
  deviceId: query.device_id,
  status: query.status,
  state: query.state,
  recipient: query.recipient,
  ref: query.ref,
  since: query.since,
  until: query.until,
  q: query.q,
});

const list = forSession(reader, {
  method: 'GET',
  path: '/messages',
  operation: {
    id: 'panelMessages',
    tag,
    summary: 'History',
    description:
      'Newest first. `q` finds recipient, ref and ids in the whole history, and words of the text in the newest 2,000 messages that match the other filters: bodies are encrypted at rest.',
  },
  query: z.object({ ...paging(), ...filters }),
  data: z.array(messageData),
  isList: true,
  failures: ['not_found', 'validation_failed'],
  async handle({ who, query }, { history }) {
    const { limit, page, ...rest } = query;
    const { rows, total } = await history.list(who.accountId, { ...filtersOf(rest), limit, page });
    return { data: rows, pagination: { limit, page, total } };
  },
});

const find = forSession(reader, {
  method: 'GET',
  path: '/messages/{id}',
  operation: {
    id: 'panelMessage',
    tag,
    summary: 'One message and its life',
    description: 'Times, reasons, why it waits.',
  },
  params,
  data: messageData,
  failures: ['not_found'],
  handle: async ({ who, params: { id } }, { history }) => ({ data: await history.find(who.accountId, id) }),
});

const send = forSession(sender, {
  method: 'POST',
  path: '/messages',
  operation: {
    id: 'panelSendMessage',
    tag,
    summary: 'Send a text, or media by address or upload',
    description:
      'Answers 202 as soon as the message is stored; what becomes of it comes by the live stream. With `message` it is a text; with `media_url`, or a form with the field `file`, it is media.',
  },
  body: z.object({
    device_id: whole('device_id', 1, 1e14, 'The device that sends.'),
    recipient,
    message: text('message', 5000, 'A text, 1 to 5000 characters.').optional(),
    media_url: text('media_url', 2048, 'Address of the media.').optional(),
    media_type: word(
      'media_type',
      ['image', 'video', 'audio', 'document'],
      'Absent: decided from the file.',
    ).optional(),
    caption: text(
      'caption',
      1024,
      'Caption of the media. WhatsApp has none for audio: audio with a caption goes as a document.',
    ).optional(),
    filename: label('filename', 255, 'Name that a document is shown with.').optional(),
    ref: reference('An id of your own.').optional(),
    priority: word('priority', priorityWords, 'Default normal.').optional(),
    scheduled_at: time('scheduled_at', 'Not before then.').optional(),
    hold: flag('hold', 'Wait for the device when it is not connected.').optional(),
    reply_to: replyTo.optional(),
  }),
  upload: { field: 'file', insteadOf: 'media_url' },
  data: messageData,
  status: 202,
  failures: [
    'not_found',
    'device_not_connected',
    'quota_exhausted',
    'subscription_expired',
    'device_suspended',
    'media_unreachable',
    'rate_limited',
  ],
  async handle({ who, body, upload, signal }, { history, messages }) {
    const caller = await history.callerOf(who.accountId, body.device_id);
    const outcome = await messages.send(caller, requestOf(body, contentOf(body, upload)), signal);
    return { status: 202, data: await history.find(who.accountId, outcome.message.id) };
  },
});

interface Given {
  readonly recipient: string | number;
  readonly message?: string | undefined;
  readonly media_url?: string | undefined;
  readonly media_type?: 'image' | 'video' | 'audio' | 'document' | undefined;
  readonly caption?: string | undefined;
  readonly filename?: string | undefined;
  readonly ref?: string | undefined;
  readonly priority?: (typeof priorityWords)[number] | undefined;
  readonly scheduled_at?: number | undefined;
  readonly hold?: boolean | undefined;
  readonly reply_to?: string | undefined;
}

function contentOf(body: Given, upload: ReceivedFile | undefined): SendRequest['content'] {
  const media = { mediaType: body.media_type ?? null, caption: body.caption ?? null, filename: body.filename ?? null };
  if (upload)
    return {
      is: 'media',
      source: { upload: upload.open() },
      ...media,
    };
  if (body.media_url !== undefined) return { is: 'media', source: { url: body.media_url }, ...media };
  if (body.message === undefined || body.message === '') throw invalid('message', 'message is required');
  return { is: 'text', text: body.message };
}

const requestOf = (body: Given, content: SendRequest['content']): SendRequest => ({
  recipient: body.recipient,
  content,
  showTyping: true,
  ref: body.ref ?? null,
  priority: priorities[body.priority ?? 'normal'],
  scheduledAt: body.scheduled_at ?? null,
  hold: body.hold ?? false,
  expiresIn: null,
  async: true,
  idempotencyKey: null,
  replyTo: body.reply_to ?? null,
});

const cancel = forSession(sender, {
  method: 'POST',
  path: '/messages/{id}/cancel',
  operation: {
    id: 'panelCancelMessage',
    tag,
    summary: 'Cancel a message that waits',
    description: 'Its quota is given back.',
  },
  params,
  data: messageData,
  failures: ['not_found', 'not_cancellable'],
  async handle({ who, params: { id } }, { history, messages }) {
    const { deviceId } = await history.find(who.accountId, id);
    await messages.cancel(await history.ownerOf(who.accountId, deviceId), id);
    return { data: await history.find(who.accountId, id) };
  },
});

const again = forSession(sender, {
  method: 'POST',
  path: '/messages/{id}/send-again',
  operation: {
    id: 'panelSendAgain',
    tag,
    summary: 'Send the same again, as a new message',
    description: 'A new id and one more of the quota. Not for uploads, whose file is not kept.',
  },
  params,
  body: z.object({ hold: z.boolean({ error: 'hold must be true or false' }).optional() }),
  data: messageData,
  status: 202,
  failures: [
    'not_found',
    'device_not_connected',
    'quota_exhausted',
    'subscription_expired',
    'device_suspended',
    'rate_limited',
  ],
  async handle({ who, params: { id }, body, signal }, { history, messages }) {
    const { caller, request } = await history.repeat(who.accountId, id);
    const outcome = await messages.send(caller, { ...request, hold: body.hold ?? false }, signal);
    return { status: 202, data: await history.find(who.accountId, outcome.message.id) };
  },
});

const exported = forSession(reader, {
  method: 'GET',
  path: '/messages/export',
  operation: {
    id: 'panelExportMessages',
    tag,
    summary: 'The history as CSV',
    description:
      'UTF-8 with a byte order mark; times in the account’s time zone. A cell that a spreadsheet would take for a formula begins with an apostrophe. Link to it; it streams. `q` finds what it finds in the list.',
  },
  query: z.object({
    ...filters,
    separator: word(
      'separator',
      ['comma', 'semicolon'],
      'semicolon: as spreadsheets set to Indonesian expect it (default comma).',
    ).optional(),
  }),
  produces: 'text/csv',
  failures: ['not_found', 'validation_failed'],
  async handle({ who, query, address, signal }, { history, audit }) {
    const { separator, ...rest } = query;
    const rows = await history.stream(who.accountId, filtersOf(rest), signal);
    await audit.note({ kind: 'export', who, address, subject: 'messages' });
    return {
      stream: {
        content: Readable.from(csvOf(rows, who.timeZone, separator === 'semicolon' ? ';' : ',')),
        type: 'text/csv; charset=utf-8',
        filename: 'wagate-messages.csv',
      },
    };
  },
});

export const messageRows: readonly PanelRow[] = [list, exported, find, send, cancel, again];
