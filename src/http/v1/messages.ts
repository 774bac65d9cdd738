import { z } from 'zod';
import { success } from '../envelope.ts';
import { forToken } from '../row.ts';
import { atMost, idParams, label, time, word } from './fields.ts';
import { messageData, messageView, paginationData, stateWords, statusWords } from './views.ts';

const query = z.object({
  limit: atMost('limit', 1, 100, 50, 'Messages a page. What is above 100 is taken as 100.'),
  page: atMost('page', 1, 1_000_000_000, 1, 'Page, newest first.'),
  status: word('status', statusWords, 'Only these.').optional(),
  state: word('state', stateWords, 'Only these, finer than status.').optional(),
  recipient: label('recipient', 255, 'Only to this number, however it is written.').optional(),
  ref: label('ref', 255, 'Only with this id of yours.').optional(),
  since: time('since', 'Accepted then or later.').optional(),
  until: time('until', 'Accepted then or earlier.').optional(),
});

const example: z.infer<typeof messageData> = {
  id: 1,
  recipient: '628123456789',
  message: 'Hello World',
  status: 'sent',
  created_at: '2025-12-11T20:00:00.000000Z',
  sent_at: '2025-12-11T20:00:05.000000Z',
  message_id: '3EB0CABA1D0D7BFC2500',
  type: 'text',
  state: 'delivered',
  waiting_for: null,
  waiting_reason: null,
  waiting_until: null,
  ref: 'invoice-1042',
  priority: 'normal',
  attempts: 1,
  media_url: null,
  filename: null,
  scheduled_at: null,
  expires_at: '2025-12-12T20:00:00.000000Z',
  delivered_at: '2025-12-11T20:00:06.000000Z',
  read_at: null,
  failed_at: null,
  error_code: null,
  error_message: null,
};

const one = {
  200: {
    schema: success(messageData),
    description: 'The message.',
    example: { success: true, data: example },
  },
};

export const listMessages = forToken({
  method: 'GET',
  path: '/messages',
  operation: {
    id: 'listMessages',
    tag: 'Messages',
    summary: 'History',
    description: 'The messages of this device, newest first, in pages.',
  },
  query,
  answers: {
    200: {
      schema: z.object({ success: z.literal(true), data: z.array(messageData), pagination: paginationData }),
      description: 'A page of messages.',
      example: {
        success: true,
        data: [example],
        pagination: { current_page: 1, total_pages: 5, per_page: 10, total: 45 },
      },
    },
  },
  failures: ['validation_failed'],
  examples: { query: { limit: '10', status: 'sent' } },
  async handle({ caller, query: { limit, page, ...filters } }, { messages }) {
    const { rows, total } = await messages.list(caller, { limit, page, ...given(filters) });
    return {
      status: 200,
      body: {
        success: true,
        data: rows.map(messageView),
        pagination: {
          current_page: page,
          total_pages: Math.max(1, Math.ceil(total / limit)),
          per_page: limit,
          total,
        },
      },
    };
  },
});

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys that nobody gave. */
const given = <T extends object>(filters: T) =>
  Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)) as Given<T>;

export const findMessage = forToken({
  method: 'GET',
  path: '/messages/{id}',
  operation: {
    id: 'findMessage',
    tag: 'Messages',
    summary: 'One message',
    description: 'One message of this device, with its finer state.',
  },
  params: idParams,
  answers: one,
  failures: ['not_found'],
  async handle({ caller, params }, { messages }) {
    return { status: 200, body: { success: true, data: messageView(await messages.find(caller, params.id)) } };
  },
});

export const cancelMessage = forToken({
  method: 'DELETE',
  path: '/messages/{id}',
  operation: {
    id: 'cancelMessage',
    tag: 'Messages',
    summary: 'Cancel a message that waits',
    description: 'Cancels a message that has not been sent yet, and gives its quota back.',
  },
  params: idParams,
  answers: {
    200: {
      ...one[200],
      description: 'The message, cancelled.',
      example: {
        success: true,
        data: { ...example, status: 'failed', state: 'cancelled', sent_at: null, delivered_at: null, attempts: 0 },
      },
    },
  },
  failures: ['not_found', 'not_cancellable'],
  async handle({ caller, params }, { messages }) {
    return { status: 200, body: { success: true, data: messageView(await messages.cancel(caller, params.id)) } };
  },
});
