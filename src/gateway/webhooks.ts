import type { Clock } from '../base/clock.ts';
import { failure, invalid } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import { eventId, type RandomBytes, webhookSecret } from '../base/ids.ts';
import type { Egress } from '../net/egress.ts';
import type { DeliveryRow, DeliveryState, Store, WebhookPatch, WebhookRow } from '../store/index.ts';
import type { Caller } from './contract.ts';
import { attempt } from './deliveries/attempt.ts';
import { payloadOf } from './deliveries/payload.ts';
import { KEPT_MS } from './deliveries.ts';
import type { EventType, Happenings } from './happenings.ts';

/** Whose endpoints: a device, as its token or its people's session says. */
export type WebhookOwner = Pick<Caller, 'accountId' | 'deviceId'>;

export interface WebhookView {
  readonly id: number;
  readonly deviceId: number;
  readonly url: string;
  readonly description: string;
  readonly events: readonly string[];
  readonly format: 'standard' | 'legacy';
  readonly status: 'active' | 'failing' | 'paused' | 'disabled';
  readonly pausedAt: number | null;
  readonly pauseReason: string | null;
  readonly failingSince: number | null;
  readonly lastSuccessAt: number | null;
  /** The secret before signs too until then. */
  readonly oldSecretUntil: number | null;
  readonly pending: number;
  readonly oldestPendingAt: number | null;
  readonly createdAt: number;
}

export interface DeliveryView {
  readonly id: number;
  /** `webhook-id`, the same at each attempt. */
  readonly eventId: string;
  readonly type: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly replays: number;
  readonly status: number | null;
  readonly reason: string | null;
  readonly tookMs: number | null;
  /** The first 8 KB of each. */
  readonly request: string;
  readonly answer: string | null;
  readonly createdAt: number;
  readonly attemptedAt: number | null;
  readonly deliveredAt: number | null;
  /** Of one that waits. */
  readonly nextAttemptAt: number | null;
}

export interface NewEndpoint {
  readonly url: string;
  readonly events: readonly EventType[];
  readonly description: string;
  readonly format: 'standard' | 'legacy';
}

export type EndpointPatch = Partial<NewEndpoint> & { readonly enabled?: boolean };

/** Each throws `not_found` for what is not the device's. */
export interface Webhooks {
  list(owner: WebhookOwner): Promise<readonly WebhookView[]>;
  find(owner: WebhookOwner, id: number): Promise<WebhookView>;
  /** The secret is told here and never again. Throws `validation_failed` on `url`, `too_many_webhooks`. */
  create(owner: WebhookOwner, given: NewEndpoint): Promise<{ readonly webhook: WebhookView; readonly secret: string }>;
  /** `enabled: true` also ends a pause: what waited goes out. */
  update(owner: WebhookOwner, id: number, patch: EndpointPatch): Promise<WebhookView>;
  remove(owner: WebhookOwner, id: number): Promise<void>;
  /** For a day both secrets sign. */
  rotate(owner: WebhookOwner, id: number): Promise<{ readonly webhook: WebhookView; readonly secret: string }>;
  /** Sends `webhook.test` to this endpoint; gives its delivery, which is on its way. To one that is paused or disabled it goes once, at once. */
  test(owner: WebhookOwner, id: number): Promise<DeliveryView>;
  deliveries(
    owner: WebhookOwner,
    id: number,
    query: DeliveryQuery,
  ): Promise<{ rows: readonly DeliveryView[]; total: number }>;
  delivery(owner: WebhookOwner, id: number, deliveryId: number): Promise<DeliveryView>;
  /** The same event once more, under the same id. */
  replay(owner: WebhookOwner, id: number, deliveryId: number): Promise<DeliveryView>;
  /** Everything the endpoint listens to that happened in a time; gives how many. */
  replayRange(owner: WebhookOwner, id: number, range: ReplayRange): Promise<number>;
}

export interface DeliveryQuery {
  readonly limit: number;
  readonly page: number;
  readonly state?: DeliveryState | undefined;
  readonly type?: string | undefined;
}

export interface ReplayRange {
  /** Unix ms. */
  readonly since: number;
  readonly until: number;
  /** Only what was never delivered to it. */
  readonly missed: boolean;
}

export const MOST_WEBHOOKS = 20;
const MOST_REPLAYED = 10_000;
const ROTATION_MS = 86_400_000;
const SHOWN_BYTES = 8 * 1024;

export function createWebhooks(needs: {
  readonly store: Pick<Store, 'webhooks' | 'deliveries' | 'events' | 'transaction' | 'durable'>;
  readonly happenings: Happenings;
  readonly egress: Pick<Egress, 'check' | 'post'>;
  readonly timeoutMs: number;
  readonly events: Pick<EventBus, 'emit'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
}): Webhooks {
  const { store, egress, clock, random } = needs;

  const absent = () => failure('not_found', { what: 'The webhook' });

  async function need({ accountId, deviceId }: WebhookOwner, id: number): Promise<WebhookRow> {
    const row = await store.webhooks.find(accountId, deviceId, id);
    if (row === undefined) throw absent();
    return row;
  }

  async function view(row: WebhookRow): Promise<WebhookView> {
    const { pending, oldest } = await store.deliveries.backlog(row.id);
    const status =
      row.enabled === 0
        ? 'disabled'
        : row.paused_at !== null
          ? 'paused'
          : row.failing_since !== null
            ? 'failing'
            : 'active';
    return {
      id: row.id,
      deviceId: row.device_id,
      url: row.url,
      description: row.description,
      events: row.events,
      format: row.format,
      status,
      pausedAt: row.paused_at,
      pauseReason: row.pause_reason,
      failingSince: row.failing_since,
      lastSuccessAt: row.last_success_at,
      oldSecretUntil: (row.old_secret_until ?? 0) > clock.now() ? row.old_secret_until : null,
      pending,
      oldestPendingAt: oldest,
      createdAt: row.created_at,
    };
  }

  async function changed({ accountId, deviceId }: WebhookOwner, webhookId: number): Promise<void> {
    await store.durable();
    needs.events.emit('webhook.changed', { accountId, deviceId, webhookId });
  }

  async function needDelivery(row: WebhookRow, id: number): Promise<DeliveryRow> {
    const found = await store.deliveries.find(row, row.id, id);
    if (found === undefined) throw failure('not_found', { what: 'The delivery' });
    return found;
  }

  async function tryOnce(webhook: WebhookRow, id: number): Promise<void> {
    const row = await store.deliveries.take(id);
    if (row === undefined) return;
    const outcome = await attempt(needs, row, webhook);
    if (outcome.reason === null) await store.deliveries.markDelivered(row, outcome);
    else await store.deliveries.markFailed(row, outcome, null);
  }

  return {
    async list({ accountId, deviceId }) {
      return Promise.all((await store.webhooks.list(accountId, deviceId)).map(view));
    },

    find: async (owner, id) => view(await need(owner, id)),

    async create(owner, given) {
      const { accountId, deviceId } = owner;
      egress.check(given.url, 'url');
      if ((await store.webhooks.list(accountId, deviceId)).length >= MOST_WEBHOOKS)
        throw failure('too_many_webhooks', { limit: MOST_WEBHOOKS });
      const secret = webhookSecret(random);
      const row = await store.webhooks.create(accountId, deviceId, { ...given, secret });
      await changed(owner, row.id);
      return { webhook: await view(row), secret };
    },

    async update(owner, id, { enabled, ...given }) {
      if (given.url !== undefined) egress.check(given.url, 'url');
      const patch: WebhookPatch = {
        ...given,
        ...(enabled === undefined ? {} : { enabled: enabled ? 1 : 0 }),
        ...(enabled === true ? { paused_at: null, pause_reason: null, failing_since: null } : {}),
      };
      const none = Object.keys(patch).length === 0;
      const row = none
        ? await need(owner, id)
        : await store.webhooks.update(owner.accountId, owner.deviceId, id, patch);
      if (row === undefined) throw absent();
      await changed(owner, id);
      return view(row);
    },

    async remove(owner, id) {
      if (!(await store.webhooks.remove(owner.accountId, owner.deviceId, id))) throw absent();
      await changed(owner, id);
    },

    async rotate(owner, id) {
      const secret = webhookSecret(random);
      const until = clock.now() + ROTATION_MS;
      const row = await store.webhooks.rotate(owner.accountId, owner.deviceId, id, secret, until);
      if (row === undefined) throw absent();
      await changed(owner, id);
      return { webhook: await view(row), secret };
    },

    async test(owner, id) {
      const row = await need(owner, id);
      const delivery = await store.transaction(async (tx) => {
        // Under a type that nobody can choose: it goes to this endpoint alone.
        const uid = eventId(random);
        const data = { message: 'This is a test of your webhook.', webhook_id: id };
        const event = { uid, type: 'webhook.test', cause: null, chat: '', data, at: clock.now() };
        // Of a device that was deleted nothing is recorded any more.
        if (!(await tx.events.record(row, event))) throw absent();
        return tx.deliveries.add(row, uid, clock.now());
      });
      // Nobody delivers to one that is off, and whether it is well again is what its owner wants to know before turning it on.
      if (row.enabled === 0 || row.paused_at !== null) await tryOnce(row, delivery);
      await changed(owner, id);
      return deliveryView(await needDelivery(row, delivery), row);
    },

    async deliveries(owner, id, query) {
      const row = await need(owner, id);
      const { rows, total } = await store.deliveries.list(row, id, query);
      return { rows: rows.map((delivery) => deliveryView(delivery, row)), total };
    },

    async delivery(owner, id, deliveryId) {
      const row = await need(owner, id);
      return deliveryView(await needDelivery(row, deliveryId), row);
    },

    async replay(owner, id, deliveryId) {
      const row = await need(owner, id);
      await needDelivery(row, deliveryId);
      await store.deliveries.replay(id, deliveryId, clock.now());
      await changed(owner, id);
      return deliveryView(await needDelivery(row, deliveryId), row);
    },

    async replayRange(owner, id, { since, until, missed }) {
      const row = await need(owner, id);
      if (until <= since) throw invalid('until', 'until must be later than since');
      const types = [...row.events];
      if (types.length === 0) return 0;
      const range = { since: Math.max(since, clock.now() - KEPT_MS), until, types, missed, limit: MOST_REPLAYED };
      const count = await store.deliveries.replayRange(row, id, range, clock.now());
      await changed(owner, id);
      return count;
    },
  };
}

const cut = (text: string): string => {
  const bytes = Buffer.from(text);
  return bytes.length <= SHOWN_BYTES ? text : `${new TextDecoder().decode(bytes.subarray(0, SHOWN_BYTES))}…`;
};

function deliveryView(row: DeliveryRow, { format }: Pick<WebhookRow, 'format'>): DeliveryView {
  return {
    id: row.id,
    eventId: row.uid,
    type: row.type,
    state: row.state,
    attempts: row.attempts,
    replays: row.replays,
    status: row.status,
    reason: row.reason,
    tookMs: row.took_ms,
    request: cut(payloadOf(row, format)),
    answer: row.answer,
    createdAt: row.created_at,
    attemptedAt: row.attempted_at,
    deliveredAt: row.delivered_at,
    nextAttemptAt: row.state === 'pending' ? row.due_at : null,
  };
}
