import { z } from 'zod';
import { isoMicros } from '../../base/clock.ts';
import { eventTypes } from '../../gateway/happenings.ts';
import type { WebhookView } from '../../gateway/webhooks.ts';
import { forToken, type Row } from '../row.ts';
import { deliveryRows } from './deliveries.ts';
import { flag, idParams } from './fields.ts';
import { answering, done, webhookFields as fields, webhookFormats } from './webhook-fields.ts';

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

export const webhookRows: readonly Row[] = [list, create, find, update, remove, rotate, ...deliveryRows];
