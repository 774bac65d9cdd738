import { z } from 'zod';
import { text } from '../v1/fields.ts';
import { forSession, type PanelRow, reader, sender } from './row.ts';
import { bubbleData, conversationData } from './schemas.ts';

const tag = 'Dashboard: sandbox phone';

const digits = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .transform(Number)
  .meta({ description: 'Of the sandbox device.' });
const params = z.object({ id: digits });
const withContact = z.object({
  id: digits,
  number: z
    .string()
    .regex(/^[1-9]\d{7,14}$/)
    .meta({ description: 'Of the simulated contact: digits, international.' }),
});

const conversations = forSession(reader, {
  method: 'GET',
  path: '/devices/{id}/sandbox',
  operation: {
    id: 'panelSandbox',
    tag,
    summary: 'The simulated phone and its contacts',
    description:
      'Conversations of a sandbox device, newest first, as its contacts see them. 404 for a WhatsApp device.',
  },
  params,
  data: z.object({
    phone_number: z.string().meta({ description: 'Of the simulated handset.' }),
    conversations: z.array(conversationData),
    numbers: z
      .array(z.object({ number: z.string(), meaning: z.string() }))
      .meta({ description: 'The numbers with fixed manners.' }),
  }),
  failures: ['not_found'],
  handle: async ({ who, params: { id } }, { sandbox }) => ({ data: await sandbox.look(who.accountId, id) }),
});

const conversation = forSession(reader, {
  method: 'GET',
  path: '/devices/{id}/sandbox/{number}',
  operation: {
    id: 'panelSandboxConversation',
    tag,
    summary: 'What one contact sees',
    description: 'The newest 200 bubbles, the oldest first.',
  },
  params: withContact,
  data: z.object({ conversation: conversationData, bubbles: z.array(bubbleData) }),
  failures: ['not_found'],
  handle: async ({ who, params: { id, number } }, { sandbox }) => ({
    data: await sandbox.read(who.accountId, id, number),
  }),
});

const answer = forSession(sender, {
  method: 'POST',
  path: '/devices/{id}/sandbox/{number}/messages',
  operation: {
    id: 'panelSandboxAnswer',
    tag,
    summary: 'Answer as the contact',
    description: 'It arrives at the device as an incoming message.',
  },
  params: withContact,
  body: z.object({
    text: text('text', 5000, 'What the contact writes.').refine((value) => value.trim() !== '', {
      error: 'text must not be empty',
    }),
  }),
  data: bubbleData,
  status: 201,
  failures: ['not_found', 'device_not_connected', 'rate_limited'],
  handle: async ({ who, params: { id, number }, body }, { sandbox }) => ({
    status: 201,
    data: await sandbox.answer(who.accountId, id, number, body.text),
  }),
});

const read = forSession(sender, {
  method: 'POST',
  path: '/devices/{id}/sandbox/{number}/read',
  operation: {
    id: 'panelSandboxRead',
    tag,
    summary: 'The contact reads',
    description: 'All bubbles from this device get their blue ticks.',
  },
  params: withContact,
  failures: ['not_found', 'rate_limited'],
  async handle({ who, params: { id, number } }, { sandbox }) {
    await sandbox.markRead(who.accountId, id, number);
    return {};
  },
});

export const sandboxRows: readonly PanelRow[] = [conversations, conversation, answer, read];
