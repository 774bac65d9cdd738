import { z } from 'zod';
import { eventTypes } from '../../gateway/happenings.ts';
import type { Signed } from '../../gateway/sessions.ts';
import type { WebhookView } from '../../gateway/webhooks.ts';
import { label, time, word } from '../v1/fields.ts';
import { deliveryFields, deliveryStates, webhookFields, webhookFormats } from '../v1/webhook-fields.ts';
import { digits, id as idField, paging, yesNo } from './fields.ts';
import { forSession, keeper, type PanelRow, reader } from './row.ts';
import { maybeTime, time as timeData } from './schemas.ts';

const tag = 'Dashboard: webhooks';

const params = z.object({ id: digits('Of the device.'), webhook_id: digits('Of the webhook.') });
const deliveryParams = params.extend({ delivery_id: digits('Of the delivery.') });

const webhookData = z
  .object({
    id: z.int(),
    device_id: z.int(),
    url: z.string(),
    description: z.string(),
    events: z.array(z.enum(eventTypes)),
    format: z.enum(webhookFormats),
    status: z.enum(['active', 'failing', 'paused', 'disabled']),
    pause_reason: z.string().nullable(),
    paused_at: maybeTime,
    failing_since: maybeTime,
    last_success_at: maybeTime,
    old_secret_until: maybeTime.meta({ description: 'Until then the secret before the rotation signs, too.' }),
    pending: z.int().meta({ description: 'Deliveries that wait.' }),
    oldest_pending_at: maybeTime,
    created_at: timeData,
  })
  .meta({ id: 'PanelWebhook' });

const withSecret = z.object({
  webhook: webhookData,
  secret: z.string().meta({ description: 'whsec_…, shown in this answer and never again.' }),
});

const deliveryData = z
  .object({
    ...deliveryFields,
    created_at: timeData,
    attempted_at: maybeTime,
    delivered_at: maybeTime,
    next_attempt_at: maybeTime,
  })
  .meta({ id: 'PanelDelivery' });

const fields = { ...webhookFields, description: webhookFields.description.or(z.literal('')) };

const ownerOf = (who: Signed, deviceId: number) => ({ accountId: who.accountId, deviceId });
const subjectOf = ({ id, deviceId }: Pick<WebhookView, 'id' | 'deviceId'>) => `webhook ${id} of device ${deviceId}`;

const list = forSession(reader, {
  method: 'GET',
  path: '/webhooks',
  operation: { id: 'panelWebhooks', tag, summary: 'Webhooks of all devices', description: 'By device, then by age.' },
  data: z.array(webhookData),
  async handle({ who }, { keeping, webhooks }) {
    const devices = await keeping.list(who);
    return { data: (await Promise.all(devices.map(({ id }) => webhooks.list(ownerOf(who, id))))).flat() };
  },
});

const create = forSession(keeper, {
  method: 'POST',
  path: '/webhooks',
  operation: {
    id: 'panelCreateWebhook',
    tag,
    summary: 'Add a webhook to a device',
    description: 'The secret is in this answer and never again.',
  },
  body: z.object({
    device_id: idField('device_id', 'Whose events.'),
    url: fields.url,
    events: fields.events,
    description: fields.description.optional(),
    format: fields.format.optional(),
  }),
  data: withSecret,
  status: 201,
  failures: ['not_found', 'too_many_webhooks'],
  async handle({ who, body, address }, { history, webhooks, audit }) {
    const { deviceId } = await history.callerOf(who.accountId, body.device_id);
    const made = await webhooks.create(ownerOf(who, deviceId), {
      url: body.url,
      events: body.events,
      description: body.description ?? '',
      format: body.format ?? 'standard',
    });
    await audit.note({ kind: 'webhook.created', who, subject: subjectOf(made.webhook), address });
    return { status: 201, data: made };
  },
});

const find = forSession(reader, {
  method: 'GET',
  path: '/devices/{id}/webhooks/{webhook_id}',
  operation: { id: 'panelWebhook', tag, summary: 'One webhook', description: 'With what waits for it.' },
  params,
  data: webhookData,
  failures: ['not_found'],
  handle: async ({ who, params: { id, webhook_id } }, { webhooks }) => ({
    data: await webhooks.find(ownerOf(who, id), webhook_id),
  }),
});

const change = forSession(keeper, {
  method: 'PATCH',
  path: '/devices/{id}/webhooks/{webhook_id}',
  operation: {
    id: 'panelChangeWebhook',
    tag,
    summary: 'Change, switch off or resume a webhook',
    description: 'Only what is given. `enabled: true` also ends a pause: what waited goes out.',
  },
  params,
  body: z.object({
    url: fields.url.optional(),
    events: fields.events.optional(),
    description: fields.description.optional(),
    format: fields.format.optional(),
    enabled: yesNo('enabled', 'Whether it is told anything.').optional(),
  }),
  data: webhookData,
  failures: ['not_found'],
  async handle({ who, params: { id, webhook_id }, body, address }, { webhooks, audit }) {
    const { url, events, description, format, enabled } = body;
    const webhook = await webhooks.update(ownerOf(who, id), webhook_id, {
      ...(url !== undefined && { url }),
      ...(events !== undefined && { events }),
      ...(description !== undefined && { description }),
      ...(format !== undefined && { format }),
      ...(enabled !== undefined && { enabled }),
    });
    await audit.note({ kind: 'webhook.changed', who, subject: subjectOf(webhook), address });
    return { data: webhook };
  },
});

const remove = forSession(keeper, {
  method: 'DELETE',
  path: '/devices/{id}/webhooks/{webhook_id}',
  operation: { id: 'panelDeleteWebhook', tag, summary: 'Delete a webhook', description: 'Its log goes with it.' },
  params,
  failures: ['not_found'],
  async handle({ who, params: { id, webhook_id }, address }, { webhooks, audit }) {
    await webhooks.remove(ownerOf(who, id), webhook_id);
    await audit.note({
      kind: 'webhook.deleted',
      who,
      subject: subjectOf({ id: webhook_id, deviceId: id }),
      address,
    });
    return {};
  },
});

const rotate = forSession(keeper, {
  method: 'POST',
  path: '/devices/{id}/webhooks/{webhook_id}/rotate-secret',
  operation: {
    id: 'panelRotateWebhook',
    tag,
    summary: 'Make a new secret',
    description: 'Shown only in this answer. For 24 hours each delivery has two signatures.',
  },
  params,
  data: withSecret,
  failures: ['not_found'],
  async handle({ who, params: { id, webhook_id }, address }, { webhooks, audit }) {
    const made = await webhooks.rotate(ownerOf(who, id), webhook_id);
    await audit.note({ kind: 'webhook.secret', who, subject: subjectOf(made.webhook), address });
    return { data: made };
  },
});

const test = forSession(keeper, {
  method: 'POST',
  path: '/devices/{id}/webhooks/{webhook_id}/test',
  operation: {
    id: 'panelTestWebhook',
    tag,
    summary: 'Send a test',
    description: 'Posts `webhook.test`; its delivery says what became of it.',
  },
  params,
  data: deliveryData,
  status: 202,
  failures: ['not_found'],
  handle: async ({ who, params: { id, webhook_id } }, { webhooks }) => ({
    status: 202,
    data: await webhooks.test(ownerOf(who, id), webhook_id),
  }),
});

const log = forSession(reader, {
  method: 'GET',
  path: '/devices/{id}/webhooks/{webhook_id}/deliveries',
  operation: {
    id: 'panelDeliveries',
    tag,
    summary: 'Log of deliveries',
    description: 'Newest first. Kept for seven days.',
  },
  params,
  query: z.object({
    ...paging(100, 25),
    state: word('state', deliveryStates, 'Only these.').optional(),
    type: label('type', 50, 'Only of this type of event.').optional(),
  }),
  data: z.array(deliveryData),
  isList: true,
  failures: ['not_found', 'validation_failed'],
  async handle({ who, params: { id, webhook_id }, query }, { webhooks }) {
    const { rows, total } = await webhooks.deliveries(ownerOf(who, id), webhook_id, query);
    return { data: rows, pagination: { limit: query.limit, page: query.page, total } };
  },
});

const findDelivery = forSession(reader, {
  method: 'GET',
  path: '/devices/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}',
  operation: { id: 'panelDelivery', tag, summary: 'One delivery', description: 'With request and answer.' },
  params: deliveryParams,
  data: deliveryData,
  failures: ['not_found'],
  handle: async ({ who, params: { id, webhook_id, delivery_id } }, { webhooks }) => ({
    data: await webhooks.delivery(ownerOf(who, id), webhook_id, delivery_id),
  }),
});

const replayOne = forSession(keeper, {
  method: 'POST',
  path: '/devices/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}/replay',
  operation: {
    id: 'panelReplayDelivery',
    tag,
    summary: 'Deliver once more',
    description: 'The same event under the same `webhook-id`.',
  },
  params: deliveryParams,
  data: deliveryData,
  status: 202,
  failures: ['not_found'],
  handle: async ({ who, params: { id, webhook_id, delivery_id } }, { webhooks }) => ({
    status: 202,
    data: await webhooks.replay(ownerOf(who, id), webhook_id, delivery_id),
  }),
});

const replay = forSession(keeper, {
  method: 'POST',
  path: '/devices/{id}/webhooks/{webhook_id}/replay',
  operation: {
    id: 'panelReplayWebhook',
    tag,
    summary: 'Deliver a time once more',
    description:
      'What it listens to of the last seven days, also from before it was made; the oldest first, at most 10,000 at once.',
  },
  params,
  body: z.object({
    since: time('since', 'From then on.'),
    until: time('until', 'Before then; absent: now.').optional(),
    only_missed: yesNo('only_missed', 'Only what was never delivered (default true).').optional(),
  }),
  data: z.object({ replayed: z.int() }),
  status: 202,
  failures: ['not_found'],
  async handle({ who, params: { id, webhook_id }, body, address }, { webhooks, audit }) {
    const replayed = await webhooks.replayRange(ownerOf(who, id), webhook_id, {
      since: body.since,
      until: body.until ?? Number.MAX_SAFE_INTEGER,
      missed: body.only_missed ?? true,
    });
    const subject = subjectOf({ id: webhook_id, deviceId: id });
    await audit.note({ kind: 'webhook.replayed', who, subject: `${subject}: ${replayed}`, address });
    return { status: 202, data: { replayed } };
  },
});

export const webhookRows: readonly PanelRow[] = [
  list,
  create,
  find,
  change,
  remove,
  rotate,
  test,
  log,
  findDelivery,
  replayOne,
  replay,
];
