import { z } from 'zod';
import { isoMicros } from '../../base/clock.ts';
import { eventTypes } from '../../gateway/happenings.ts';
import type { DeliveryView, WebhookView } from '../../gateway/webhooks.ts';
import { success } from '../envelope.ts';
import { forToken, type Row } from '../row.ts';
import { atMost, flag, idParams, label, time, word } from './fields.ts';
import { paginationData } from './views.ts';
import { deliveryStates, webhookFields as fields, webhookFormats } from './webhook-fields.ts';

const tag = 'Webhooks';
const nullableTime = z.string().nullable();

const webhookData = z
  .object({
    id: z.int(),
    url: z.string(),
    description: z.string(),
    events: z.array(z.enum(eventTypes)),
    format: z.enum(webhookFormats),
    status: z.enum(['active', 'failing', 'paused', 'disabled']).meta({
      description:
        'failing: the last delivery failed. paused: nothing could be delivered for five days (or it answered 410): events wait; PATCH enabled: true lets them go out.',
    }),
    pause_reason: z.string().nullable(),
    paused_at: nullableTime,
    failing_since: nullableTime,
    last_success_at: nullableTime,
    old_secret_until: nullableTime.meta({ description: 'Until then the secret before the rotation signs, too.' }),
    pending: z.int().meta({ description: 'Deliveries that wait.' }),
    oldest_pending_at: nullableTime,
    created_at: z.string(),
  })
  .meta({ id: 'Webhook' });

const withSecret = webhookData
  .extend({
    secret: z.string().meta({ description: 'whsec_…, shown now and never again. Signatures are made with it.' }),
  })
  .meta({ id: 'WebhookWithSecret' });

const webhookView = (w: WebhookView) => ({
  id: w.id,
  url: w.url,
  description: w.description,
  events: [...w.events],
  format: w.format,
  status: w.status,
  pause_reason: w.pauseReason,
  paused_at: isoMicros(w.pausedAt),
  failing_since: isoMicros(w.failingSince),
  last_success_at: isoMicros(w.lastSuccessAt),
  old_secret_until: isoMicros(w.oldSecretUntil),
  pending: w.pending,
  oldest_pending_at: isoMicros(w.oldestPendingAt),
  created_at: isoMicros(w.createdAt),
});

const deliveryData = z
  .object({
    id: z.int(),
    event_id: z.string().meta({ description: 'The header webhook-id: the same at each attempt.' }),
    type: z.string(),
    state: z.enum(deliveryStates).meta({ description: 'failed: it is tried no more by itself.' }),
    attempts: z.int(),
    replays: z.int(),
    status: z.int().nullable().meta({ description: 'HTTP status of the last answer.' }),
    reason: z.string().nullable().meta({ description: 'Why the last attempt failed.' }),
    took_ms: z.int().nullable(),
    request: z.string().meta({ description: 'The body, at most 8 KB of it.' }),
    answer: z.string().nullable().meta({ description: 'The first 8 KB of the last answer.' }),
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

const example: z.infer<typeof webhookData> = {
  id: 1,
  url: 'https://example.com/whatsapp',
  description: 'Shop',
  events: ['message.received', 'message.status'],
  format: 'standard',
  status: 'active',
  pause_reason: null,
  paused_at: null,
  failing_since: null,
  last_success_at: '2025-12-11T20:00:01.000000Z',
  old_secret_until: null,
  pending: 0,
  oldest_pending_at: null,
  created_at: '2025-12-10T10:00:00.000000Z',
};

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

const answering = <S extends z.ZodType>(schema: S, description: string, data: unknown) => ({
  schema: success(schema),
  description,
  example: { success: true, data },
});
const done = <T>(data: T) => ({ status: 200, body: { success: true, data } });
const pages = (page: number, limit: number, total: number) => ({
  current_page: page,
  total_pages: Math.max(1, Math.ceil(total / limit)),
  per_page: limit,
  total,
});

const list = forToken({
  method: 'GET',
  path: '/webhooks',
  operation: { id: 'listWebhooks', tag, summary: 'Webhooks of the device', description: 'At most 20.' },
  answers: { 200: answering(z.array(webhookData), 'The webhooks.', [example]) },
  failures: [],
  handle: async ({ caller }, { webhooks }) => done((await webhooks.list(caller)).map(webhookView)),
});

const create = forToken({
  method: 'POST',
  path: '/webhooks',
  operation: {
    id: 'createWebhook',
    tag,
    summary: 'Add a webhook',
    description:
      'Events of this device are posted to the address, signed as Standard Webhooks has it (headers `webhook-id`, `webhook-timestamp`, `webhook-signature`). Any 2xx within 15 s is a yes; else it is tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, or as `Retry-After` says. At least once: the same `webhook-id` may come twice.',
  },
  body: z.object({
    url: fields.url,
    events: fields.events,
    description: fields.description.optional(),
    format: fields.format.optional(),
  }),
  requires: { fields: ['url', 'events'], sentence: 'url and events are required' },
  answers: {
    201: answering(withSecret, 'The webhook, with its secret.', {
      ...example,
      secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
    }),
  },
  failures: ['too_many_webhooks'],
  examples: { body: { url: 'https://example.com/whatsapp', events: ['message.received', 'message.status'] } },
  async handle({ caller, body }, { webhooks }) {
    const { webhook, secret } = await webhooks.create(caller, {
      url: body.url,
      events: body.events,
      description: body.description ?? '',
      format: body.format ?? 'standard',
    });
    return { status: 201, body: { success: true, data: { ...webhookView(webhook), secret } } };
  },
});

const find = forToken({
  method: 'GET',
  path: '/webhooks/{id}',
  operation: { id: 'findWebhook', tag, summary: 'One webhook', description: 'With what waits for it.' },
  params: idParams,
  answers: { 200: answering(webhookData, 'The webhook.', example) },
  failures: ['not_found'],
  handle: async ({ caller, params }, { webhooks }) => done(webhookView(await webhooks.find(caller, params.id))),
});

const update = forToken({
  method: 'PATCH',
  path: '/webhooks/{id}',
  operation: {
    id: 'updateWebhook',
    tag,
    summary: 'Change a webhook',
    description:
      'Only what is given. `enabled: false` tells it nothing of what happens meanwhile; `enabled: true` also ends a pause, and what waited goes out.',
  },
  params: idParams,
  body: z.object({
    url: fields.url.optional(),
    events: fields.events.optional(),
    description: fields.description.optional(),
    format: fields.format.optional(),
    enabled: flag('enabled', 'Whether it is told anything.').optional(),
  }),
  answers: { 200: answering(webhookData, 'The webhook as it is now.', example) },
  failures: ['not_found'],
  examples: { body: { enabled: true } },
  async handle({ caller, params, body }, { webhooks }) {
    const { url, events, description, format, enabled } = body;
    const patch = {
      ...(url !== undefined && { url }),
      ...(events !== undefined && { events }),
      ...(description !== undefined && { description }),
      ...(format !== undefined && { format }),
      ...(enabled !== undefined && { enabled }),
    };
    return done(webhookView(await webhooks.update(caller, params.id, patch)));
  },
});

const remove = forToken({
  method: 'DELETE',
  path: '/webhooks/{id}',
  operation: { id: 'deleteWebhook', tag, summary: 'Delete a webhook', description: 'Its log goes with it.' },
  params: idParams,
  answers: { 200: answering(z.object({ deleted: z.literal(true) }), 'It is gone.', { deleted: true }) },
  failures: ['not_found'],
  async handle({ caller, params }, { webhooks }) {
    await webhooks.remove(caller, params.id);
    return done({ deleted: true });
  },
});

const rotate = forToken({
  method: 'POST',
  path: '/webhooks/{id}/rotate-secret',
  operation: {
    id: 'rotateWebhookSecret',
    tag,
    summary: 'Make a new secret',
    description: 'For 24 hours each delivery has two signatures, so that your receiver can change over at its ease.',
  },
  params: idParams,
  answers: {
    200: answering(withSecret, 'The webhook, with its new secret.', {
      ...example,
      old_secret_until: '2025-12-12T20:00:00.000000Z',
      secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
    }),
  },
  failures: ['not_found'],
  async handle({ caller, params }, { webhooks }) {
    const { webhook, secret } = await webhooks.rotate(caller, params.id);
    return done({ ...webhookView(webhook), secret });
  },
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

export const webhookRows: readonly Row[] = [
  list,
  create,
  find,
  update,
  remove,
  rotate,
  test,
  log,
  findDelivery,
  replayOne,
  replay,
];
