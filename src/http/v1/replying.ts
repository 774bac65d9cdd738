import { z } from 'zod';
import { successSaying } from '../envelope.ts';
import { forToken, type Row } from '../row.ts';
import { messageId, recipient, text, word } from './fields.ts';

const tag = 'Messages';

const react = forToken({
  method: 'POST',
  path: '/send-reaction',
  operation: {
    id: 'sendReaction',
    tag,
    summary: 'React to a message',
    description:
      'Shows an emoji at a message that was received or sent. Waits for WhatsApp’s acknowledgement; uses no quota. Without `emoji` the reaction is taken back.',
  },
  body: z.object({ message_id: messageId, emoji: text('emoji', 30, 'One emoji; absent: take it back.').optional() }),
  requires: { fields: ['message_id'], sentence: 'message_id is required' },
  answers: {
    200: {
      schema: successSaying(z.object({ message_id: z.string(), chat: z.string(), emoji: z.string() })),
      description: 'WhatsApp has acknowledged the reaction.',
      example: {
        success: true,
        message: 'Reaction sent successfully',
        data: { message_id: '3A5F0C1D2E3B4A596877', chat: '628123456789', emoji: '👍' },
      },
    },
  },
  failures: ['not_found', 'device_not_connected', 'refused_by_whatsapp', 'send_failed'],
  examples: { body: { message_id: '3A5F0C1D2E3B4A596877', emoji: '👍' } },
  async handle({ caller, body }, { replies }) {
    const emoji = body.emoji ?? '';
    const { chat, messageId: id } = await replies.react(caller, body.message_id, emoji);
    return {
      status: 200,
      body: { success: true, message: 'Reaction sent successfully', data: { message_id: id, chat, emoji } },
    };
  },
});

const states = ['composing', 'recording', 'paused'] as const;

const type = forToken({
  method: 'POST',
  path: '/typing',
  operation: {
    id: 'showTyping',
    tag,
    summary: 'Show “typing…”',
    description: 'Phones show it for some 25 seconds, or until a message or `paused` comes.',
  },
  body: z.object({
    recipient,
    state: word('state', states, 'composing: typing…; recording: recording audio…; paused: neither.').optional(),
  }),
  requires: { fields: ['recipient'], sentence: 'recipient is required' },
  answers: {
    200: {
      schema: successSaying(z.object({ state: z.enum(states) })),
      description: 'It is shown.',
      example: { success: true, message: 'Presence sent', data: { state: 'composing' } },
    },
  },
  failures: ['device_not_connected', 'send_failed'],
  examples: { body: { recipient: '628123456789', state: 'composing' } },
  async handle({ caller, body }, { replies }) {
    const state = body.state ?? 'composing';
    await replies.type(caller, body.recipient, state);
    return { status: 200, body: { success: true, message: 'Presence sent', data: { state } } };
  },
});

export const replyingRows: readonly Row[] = [react, type];
