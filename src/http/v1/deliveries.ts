import { z } from 'zod';
import { isoMicros } from '../../base/clock.ts';
import type { DeliveryView } from '../../gateway/webhooks.ts';
import { forToken, type Row } from '../row.ts';
import { atMost, flag, idParams, label, time, word } from './fields.ts';
import { paginationData } from './views.ts';
import { answering, deliveryFields, deliveryStates, done } from './webhook-fields.ts';

/** The log of a webhook: each event that it was told, or is to be told. */
const tag = 'Webhooks';
const nullableTime = z.string().nullable();

const deliveryData = z
  .object({
    ...deliveryFields,
    created_at: z.string(),
    attempted_at: nullableTime,
    delivered_at: nullableTime,
    next_attempt_at: nullableTime,
  })
  .meta({ id: 'Delivery' });

const deliveryView = (d: DeliveryView): z.infer<typeof deliveryData> => ({
  id: d.id,
  event_id: d.eventId,
  type: d.type,
  state: d.state,
  attempts: d.attempts,
  replays: d.replays,
  status: d.status,
  reason: d.reason,
  took_ms: d.tookMs,
  request: d.request,
  answer: d.answer,
  created_at: isoMicros(d.createdAt),
  attempted_at: isoMicros(d.attemptedAt),
  delivered_at: isoMicros(d.deliveredAt),
  next_attempt_at: isoMicros(d.nextAttemptAt),
});

const deliveryExample: z.infer<typeof deliveryData> = {
  id: 12,
  event_id: 'evt_3Jq0yT7uV5wX1zA2bC4dE6',
  type: 'message.received',
  state: 'delivered',
  attempts: 1,
  replays: 0,
  status: 200,
  reason: null,
  took_ms: 84,
  request: '{"id":"evt_3Jq0yT7uV5wX1zA2bC4dE6","type":"message.received"}',
  answer: 'ok',
  created_at: '2025-12-11T20:00:00.000000Z',
  attempted_at: '2025-12-11T20:00:00.000000Z',
  delivered_at: '2025-12-11T20:00:00.000000Z',
  next_attempt_at: null,
};

const pages = (page: number, limit: number, total: number) => ({
  current_page: page,
  total_pages: Math.max(1, Math.ceil(total / limit)),
  per_page: limit,
  total,
});

const test = forToken({
  method: 'POST',
  path: '/webhooks/{id}/test',
  operation: {
    id: 'testWebhook',
    tag,
    summary: 'Send a test',
    description:
      'Posts `webhook.test` to this endpoint; its delivery says what became of it. A paused or disabled one gets it, too: once, and the answer says at once how it went.',
  },
  params: idParams,
  answers: {
    202: answering(deliveryData, 'It is on its way.', {
      ...deliveryExample,
      type: 'webhook.test',
      state: 'pending',
      attempts: 0,
      status: null,
      took_ms: null,
      answer: null,
      attempted_at: null,
      delivered_at: null,
      next_attempt_at: '2025-12-11T20:00:00.000000Z',
    }),
  },
  failures: ['not_found'],
  handle: async ({ caller, params }, { webhooks }) => ({
    status: 202,
    body: { success: true, data: deliveryView(await webhooks.test(caller, params.id)) },
  }),
});

const log = forToken({
  method: 'GET',
  path: '/webhooks/{id}/deliveries',
  operation: {
    id: 'listDeliveries',
    tag,
    summary: 'Log of deliveries',
    description: 'Newest first, with the body that was sent and the beginning of the answer. Kept for seven days.',
  },
  params: idParams,
  query: z.object({
    limit: atMost('limit', 1, 100, 50, 'Deliveries a page.'),
    page: atMost('page', 1, 1_000_000_000, 1, 'Page, newest first.'),
    state: word('state', deliveryStates, 'Only these.').optional(),
    type: label('type', 50, 'Only of this type of event.').optional(),
  }),
  answers: {
    200: {
      schema: z.object({ success: z.literal(true), data: z.array(deliveryData), pagination: paginationData }),
      description: 'A page of the log.',
      example: {
        success: true,
        data: [deliveryExample],
        pagination: { current_page: 1, total_pages: 1, per_page: 50, total: 1 },
      },
    },
  },
  failures: ['not_found', 'validation_failed'],
  examples: { query: { state: 'failed' } },
  async handle({ caller, params, query }, { webhooks }) {
    const { rows, total } = await webhooks.deliveries(caller, params.id, query);
    return {
      status: 200,
      body: { success: true, data: rows.map(deliveryView), pagination: pages(query.page, query.limit, total) },
    };
  },
});

const deliveryParams = idParams.extend({
  delivery_id: z
    .string()
    .regex(/^[1-9]\d{0,14}$/)
    .transform(Number)
    .meta({ description: '`id` of the delivery.' }),
});

const findDelivery = forToken({
  method: 'GET',
  path: '/webhooks/{id}/deliveries/{delivery_id}',
  operation: { id: 'findDelivery', tag, summary: 'One delivery', description: 'With request and answer.' },
  params: deliveryParams,
  answers: { 200: answering(deliveryData, 'The delivery.', deliveryExample) },
  failures: ['not_found'],
  handle: async ({ caller, params }, { webhooks }) =>
    done(deliveryView(await webhooks.delivery(caller, params.id, params.delivery_id))),
});

const replayOne = forToken({
  method: 'POST',
  path: '/webhooks/{id}/deliveries/{delivery_id}/replay',
  operation: {
    id: 'replayDelivery',
    tag,
    summary: 'Deliver once more',
    description: 'The same event under the same `webhook-id`.',
  },
  params: deliveryParams,
  answers: { 202: answering(deliveryData, 'It is on its way.', { ...deliveryExample, replays: 1 }) },
  failures: ['not_found'],
  handle: async ({ caller, params }, { webhooks }) => ({
    status: 202,
    body: { success: true, data: deliveryView(await webhooks.replay(caller, params.id, params.delivery_id)) },
  }),
});

const replay = forToken({
  method: 'POST',
  path: '/webhooks/{id}/replay',
  operation: {
    id: 'replayWebhook',
    tag,
    summary: 'Deliver a time once more',
    description:
      'Everything the webhook listens to that happened in a time of the last seven days, oldest first, at most 10,000 at once; also what happened before the webhook was made. Each under its own `webhook-id`.',
  },
  params: idParams,
  body: z.object({
    since: time('since', 'From then on.'),
    until: time('until', 'Before then; absent: now.').optional(),
    only_missed: flag('only_missed', 'Only what was never delivered (default true).').optional(),
  }),
  requires: { fields: ['since'], sentence: 'since is required' },
  answers: { 202: answering(z.object({ replayed: z.int() }), 'So many are on their way.', { replayed: 42 }) },
  failures: ['not_found'],
  examples: { body: { since: '2025-12-11T18:00:00Z', until: '2025-12-11T20:00:00Z' } },
  async handle({ caller, params, body }, { webhooks }) {
    const replayed = await webhooks.replayRange(caller, params.id, {
      since: body.since,
      until: body.until ?? Number.MAX_SAFE_INTEGER,
      missed: body.only_missed ?? true,
    });
    return { status: 202, body: { success: true, data: { replayed } } };
  },
});

export const deliveryRows: readonly Row[] = [test, log, findDelivery, replayOne, replay];
