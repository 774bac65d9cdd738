import { z } from 'zod';
import { maybeTime, stateWords, time } from './schemas.ts';

/** What the inbox shows. Names, texts and files are strangers' words: the dashboard shows them as text, never as HTML. */

export const chatData = z
  .object({
    device_id: z.int(),
    device_name: z.string(),
    peer: z
      .string()
      .meta({ description: 'The number; a JID where it is hidden (…@lid), and of a group (…@g.us). To write to it.' }),
    is_group: z.boolean(),
    name: z.string().nullable().meta({ description: 'As the person calls themselves.' }),
    unread: z.int(),
    opted_out: z.boolean().meta({ description: 'The person wants no more messages.' }),
    last: z
      .object({
        by: z.enum(['them', 'us']),
        name: z.string().nullable(),
        type: z.string(),
        text: z.string().nullable(),
        state: z.enum(stateWords).nullable(),
        at: time,
      })
      .nullable(),
  })
  .meta({ id: 'Chat' });

export const chatMessageData = z
  .object({
    key: z.string().meta({ description: 'Unique in the conversation.' }),
    message_id: z.string().meta({ description: 'At WhatsApp.' }),
    inbox_id: z.int().nullable().meta({ description: 'Of one that came in, or was written on the phone.' }),
    history_id: z.int().nullable().meta({ description: 'Of one that was sent through the gateway.' }),
    by: z.enum(['them', 'gateway', 'phone']).meta({ description: 'phone: written on the account’s own phone.' }),
    from_phone: z.string().nullable(),
    from_lid: z.string().nullable(),
    push_name: z.string().nullable(),
    offline: z.boolean().meta({ description: 'It waited while the device was offline.' }),
    type: z.string(),
    text: z.string().nullable(),
    media: z
      .object({
        mimetype: z.string().nullable(),
        filename: z.string().nullable(),
        bytes: z.int().nullable(),
        seconds: z.int().nullable(),
        width: z.int().nullable(),
        height: z.int().nullable(),
      })
      .nullable(),
    media_url: z.string().nullable().meta({ description: 'Where the gateway took the file from.' }),
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
    poll_vote: z.array(z.string()).nullable().meta({ description: 'Of a vote: what was chosen; null: not readable.' }),
    votes: z
      .array(z.object({ from: z.string(), options: z.array(z.string()) }))
      .meta({ description: 'Of a poll: what each chose last.' }),
    opt_out: z.boolean().meta({ description: 'It asks for no more messages.' }),
    quote: z
      .object({
        message_id: z.string(),
        by: z.enum(['them', 'us']),
        name: z.string().nullable(),
        type: z.string(),
        text: z.string().nullable(),
      })
      .nullable()
      .meta({ description: 'The message that it answers, or votes in.' }),
    reactions: z.array(z.object({ from: z.string().meta({ description: 'A number, or me.' }), emoji: z.string() })),
    edited_at: maybeTime,
    deleted_at: maybeTime,
    state: z.enum(stateWords).nullable(),
    waiting_for: z.enum(['pacing', 'device_offline', 'schedule', 'retry']).nullable(),
    waiting_reason: z.string().nullable(),
    error_code: z.string().nullable(),
    error_message: z.string().nullable(),
    sent_at: time,
    read_at: maybeTime,
  })
  .meta({ id: 'ChatMessage' });

export const fileLinkData = z
  .object({
    url: z.string().meta({ description: 'A path of this server that opens the file until `expires_at`.' }),
    expires_at: time,
    mimetype: z.string().nullable(),
    filename: z.string().nullable(),
    bytes: z.int().nullable(),
  })
  .meta({ id: 'FileLink' });
