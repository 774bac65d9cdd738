import { z } from 'zod';
import { noticeCodes } from '../../gateway/health.ts';

/** What webhooks and live streams tell: an envelope, and `data` by its type. Published in the OpenAPI document (`webhooks`). */

const nullableTime = z.string().nullable();

export const incomingData = z
  .object({
    id: z.int().meta({ description: 'For GET /inbox/{id}.' }),
    message_id: z.string().meta({ description: 'The id of the message at WhatsApp.' }),
    direction: z.enum(['in', 'out']).meta({ description: 'out: written on the device’s own phone.' }),
    chat: z.string().meta({ description: 'Where to answer: a number, or the id of a group or of somebody hidden.' }),
    chat_id: z.string().meta({ description: 'The chat as WhatsApp addresses it.' }),
    is_group: z.boolean(),
    from: z.string().meta({ description: 'Who wrote it: the number, or the hidden id where the number is unknown.' }),
    from_phone: z.string().nullable().meta({ description: 'null where WhatsApp hides the number.' }),
    from_lid: z.string().nullable().meta({ description: 'The hidden id, where it is known.' }),
    push_name: z.string().nullable().meta({ description: 'What the sender calls themselves.' }),
    offline: z.boolean().meta({ description: 'It waited while the device was not connected.' }),
    type: z.string().meta({
      description:
        'text, image, video, audio, voice, document, sticker, location, contact, poll, poll_vote, reaction, edit, deletion; view_once: one that may be seen once, which WhatsApp gives to the phone alone (open it there; text and media are null; should a copy come after all, it is told anew, with another id); unknown: a kind that WhatsApp has added since.',
    }),
    text: z.string().nullable().meta({
      description:
        'The text, caption, name of a poll or contact, words of a cart, product, invitation or event, emoji of a reaction (null: taken back). Written by a stranger.',
    }),
    refers_to: z
      .string()
      .nullable()
      .meta({ description: 'WhatsApp id of the message that it answers, reacts to, votes in, edits or deletes.' }),
    media: z
      .object({
        mimetype: z.string().nullable(),
        filename: z.string().nullable(),
        bytes: z.int().nullable(),
        seconds: z.int().nullable(),
        width: z.int().nullable(),
        height: z.int().nullable(),
        path: z.string().meta({ description: 'GET it with the token: answers a link to the file.' }),
      })
      .nullable()
      .meta({ description: 'As its sender describes the file.' }),
    location: z
      .object({
        latitude: z.number(),
        longitude: z.number(),
        name: z.string().nullable(),
        address: z.string().nullable(),
      })
      .nullable(),
    contacts: z.array(z.object({ name: z.string(), vcard: z.string() })).nullable(),
    poll_options: z.array(z.string()).nullable(),
    poll_vote: z.array(z.string()).nullable().meta({
      description:
        'Of a poll_vote: the options that are chosen now (none: taken back). null: the poll itself never came to this device, and only who has it can read votes.',
    }),
    opt_out: z.boolean().meta({ description: 'It asks for no more messages: STOP, BERHENTI, UNSUB.' }),
    timestamp: z.int().meta({ description: 'Unix seconds, WhatsApp’s time.' }),
    received_at: z.string(),
  })
  .meta({ id: 'IncomingMessage' });

const outgoing = {
  id: z.int().meta({ description: 'For GET /messages/{id}.' }),
  message_id: z.string(),
  recipient: z.string(),
  type: z.string(),
  ref: z.string().nullable().meta({ description: 'Your own id.' }),
  created_at: z.string(),
  at: nullableTime.meta({ description: 'When the step was reached.' }),
};

export const eventSchemas = {
  'message.received': incomingData,
  'message.status': z.object({ ...outgoing, status: z.enum(['sent', 'delivered', 'read']) }),
  'message.failed': z.object({
    ...outgoing,
    status: z.enum(['failed', 'expired', 'cancelled']),
    error_code: z.string().nullable(),
    error_message: z.string().nullable(),
  }),
  'device.status': z.object({
    status: z.enum(['connected', 'connecting', 'pairing', 'disconnected', 'logged_out']),
    reason: z.string().nullable().meta({ description: 'A sentence for people.' }),
  }),
  'device.health': z.object({
    status: z.enum(['ok', 'warning', 'critical']),
    notices: z.array(
      z.object({
        code: z.enum(noticeCodes),
        level: z.enum(['warning', 'critical']),
        message: z.string(),
        until: nullableTime,
      }),
    ),
  }),
  'quota.warning': z.object({
    percent: z.int().meta({ description: '80 or 100.' }),
    message_quota: z.int(),
    message_used: z.int(),
    message_remaining: z.int(),
    ends_at: z.string(),
  }),
  'webhook.paused': z.object({
    webhook_id: z.int(),
    url: z.string(),
    reason: z.string(),
    failing_since: z.string(),
  }),
  'webhook.test': z.object({ message: z.string(), webhook_id: z.int() }),
} as const;

const summaries: Readonly<Record<keyof typeof eventSchemas, string>> = {
  'message.received': 'Somebody wrote to the device.',
  'message.status': 'A message of yours went a step further: sent, delivered, read. Each step once, in order.',
  'message.failed': 'A message of yours failed, expired or was cancelled.',
  'device.status': 'The device connected, lost its connection, or was logged out.',
  'device.health': 'What is wrong with the device has changed.',
  'quota.warning': 'The quota of the account is used up to 80 or 100 percent.',
  'webhook.paused': 'An endpoint of the device was paused, since nothing could be delivered to it for five days.',
  'webhook.test': 'You asked for a test.',
};

const id = (type: string) =>
  `${type
    .split('.')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Event`;

/** The whole body by its type. */
export const envelopes = Object.entries(eventSchemas).map(([type, data]) => ({
  type,
  summary: summaries[type as keyof typeof eventSchemas],
  schema: z
    .object({
      id: z.string().meta({ description: 'The same at each attempt, and in the header webhook-id.' }),
      type: z.literal(type),
      timestamp: z.string().meta({ description: 'When it happened. ISO 8601, UTC.' }),
      device: z.object({ id: z.int(), name: z.string(), phone_number: z.string().nullable() }),
      data,
    })
    .meta({ id: id(type) }),
}));
