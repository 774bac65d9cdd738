import type { Clock } from '../base/clock.ts';
import { failure } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import type { Failpoint } from '../base/failpoints.ts';
import { type RandomBytes, whatsappId } from '../base/ids.ts';
import type { MessageRow, Store, WaitingFor } from '../store/index.ts';
import { bodyOf, readBody, typeOf } from './body.ts';
import type { Caller, MessageQuery, Messages, MessageView, SendOutcome, SendRequest } from './contract.ts';
import type { Fleet } from './fleet.ts';
import type { FetchedMedia, MediaFetcher } from './media.ts';
import { chatOf, normaliseRecipient, recipientText } from './recipients.ts';

/** A message may wait this long when the caller names no other time. Seconds. */
const LIFETIME_S = 86_400;

export interface MessagesNeeds {
  readonly store: Pick<Store, 'messages' | 'subscriptions' | 'devices' | 'transaction' | 'durable'>;
  readonly fleet: Pick<Fleet, 'isConnected' | 'wake' | 'station'>;
  readonly media: Pick<MediaFetcher, 'accept' | 'discard'>;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly failpoint: Failpoint;
  /** How long an answer waits for WhatsApp. */
  readonly waitMs: number;
}

/**
 * Accepts messages and tells their story. Acceptance is one transaction (the row with its WhatsApp id, the reserved quota), durable
 * before anybody is told; the outbox does the rest, and `send` waits for what becomes of the row.
 */
export function createMessages(needs: MessagesNeeds): Messages {
  const { store, fleet, events, clock, random } = needs;

  /** What the caller's subscription allows; null for sandbox devices, which use no quota. First breach throws, nothing is spent. */
  async function subscriptionOf(caller: Caller): Promise<number | null> {
    if (caller.deviceKind === 'sandbox') return null;
    const subscription = await store.subscriptions.current(caller.accountId, clock.now());
    if (subscription === undefined || subscription.ends_at <= clock.now() || subscription.suspended_at !== null)
      throw failure('subscription_expired');
    if (subscription.used >= subscription.message_quota) throw failure('quota_exhausted');
    return subscription.id;
  }

  async function accept(caller: Caller, request: SendRequest, id: string): Promise<MessageRow> {
    const device = await store.devices.find(caller.accountId, caller.deviceId);
    if (device === undefined) throw failure('invalid_token');
    if (device.suspended_at !== null) throw failure('device_suspended');
    const recipient = normaliseRecipient(request.recipient, device.default_country);
    const subscriptionId = await subscriptionOf(caller);
    const now = clock.now();
    const due = Math.max(now, request.scheduledAt ?? now);
    if (!request.hold && due === now && !fleet.isConnected(caller.deviceId)) throw failure('device_not_connected');

    let upload: FetchedMedia | null = null;
    if (request.content.is === 'media' && 'upload' in request.content.source) {
      const { stream, filename, mimetype } = request.content.source.upload;
      upload = await needs.media.accept(stream, {
        accountId: caller.accountId,
        ...(request.content.mediaType === null ? {} : { declaredType: request.content.mediaType }),
        ...(mimetype === null ? {} : { mimetype }),
        ...((request.content.filename ?? filename) === null
          ? {}
          : { filename: request.content.filename ?? filename ?? '' }),
      });
    }
    const body = bodyOf(request.content, upload);
    const row = await store
      .transaction(async (tx) => {
        if (subscriptionId !== null && !(await tx.subscriptions.reserve(caller.accountId, subscriptionId, 1)))
          throw failure('quota_exhausted');
        const stored = await tx.messages.insert({
          account_id: caller.accountId,
          device_id: caller.deviceId,
          subscription_id: subscriptionId,
          whatsapp_id: id,
          recipient: recipientText(recipient),
          chat: chatOf(recipient),
          type: typeOf(body),
          body: { ...body },
          priority: request.priority,
          show_typing: request.showTyping ? 1 : 0,
          hold: request.hold ? 1 : 0,
          ref: request.ref,
          due_at: due,
          expires_at: due + (request.expiresIn ?? LIFETIME_S) * 1000,
          waiting_for: due > now ? 'schedule' : null,
        });
        if (request.idempotencyKey !== null)
          await tx.idempotency.attach(caller.deviceId, request.idempotencyKey, stored.id);
        return stored;
      })
      .catch(async (error) => {
        await upload?.remove();
        throw error;
      });
    await store.durable();
    needs.failpoint('accepted');
    return row;
  }

  /** A filter finds a number however it is written, as a send takes it. */
  async function asKept(caller: Caller, recipient: string): Promise<string> {
    const device = await store.devices.find(caller.accountId, caller.deviceId);
    if (device === undefined) throw failure('invalid_token');
    return recipientText(normaliseRecipient(recipient, device.default_country));
  }

  /** Why a queued row does not go out now: the row's own reason, the device, or the pacing of all. */
  function waitOf(row: MessageRow, deviceId: number): Wait {
    const now = clock.now();
    if (row.state !== 'queued') return null;
    if (row.due_at > now)
      return row.waiting_for && { for: row.waiting_for, reason: row.waiting_reason, until: row.due_at };
    if (!fleet.isConnected(deviceId)) return { for: 'device_offline', reason: null, until: null };
    const hold = fleet.station(deviceId)?.hold;
    return hold !== undefined && hold.until > now ? { for: 'pacing', reason: hold.reason, until: hold.until } : null;
  }

  const view = (caller: Caller, row: MessageRow) => viewOf(row, waitOf(row, caller.deviceId));

  async function remaining(caller: Caller): Promise<number | null> {
    if (caller.deviceKind === 'sandbox') return null;
    const subscription = await store.subscriptions.current(caller.accountId, clock.now());
    return subscription === undefined ? 0 : Math.max(0, subscription.message_quota - subscription.used);
  }

  async function outcome(caller: Caller, row: MessageRow): Promise<SendOutcome> {
    const message = view(caller, row);
    if (message.status === 'failed') throw failureOf(row);
    return { is: message.status, message, quotaRemaining: await remaining(caller) };
  }

  return {
    async send(caller, request, signal) {
      const id = whatsappId(random);
      // Listening begins before the row exists: its outcome can be faster than the transaction's own promise.
      const settled = watch(events, clock, id, needs.waitMs, signal);
      try {
        const row = await accept(caller, request, id);
        events.emit('message.accepted', { accountId: row.account_id, deviceId: row.device_id, messageId: row.id });
        fleet.wake(caller.deviceId);
        if (request.async || row.due_at > clock.now()) return await outcome(caller, row);
        await settled.outcome;
        const latest = await store.messages.find(caller.accountId, caller.deviceId, row.id);
        return await outcome(caller, latest ?? row);
      } finally {
        settled.forget();
      }
    },

    async resume(caller, id, signal) {
      const row = await store.messages.find(caller.accountId, caller.deviceId, id);
      if (row === undefined) throw failure('not_found', { what: 'The message' });
      const settled = watch(events, clock, row.whatsapp_id, needs.waitMs, signal);
      try {
        // Looked at again once the listening has begun.
        const now = await store.messages.find(caller.accountId, caller.deviceId, id);
        if (statusOf(now?.state ?? row.state) === 'pending' && row.due_at <= clock.now()) await settled.outcome;
        return await outcome(caller, (await store.messages.find(caller.accountId, caller.deviceId, id)) ?? row);
      } finally {
        settled.forget();
      }
    },

    async list(caller, query: MessageQuery) {
      const { rows, total } = await store.messages.list(caller.accountId, caller.deviceId, {
        ...query,
        ...(query.recipient === undefined ? {} : { recipient: await asKept(caller, query.recipient) }),
      });
      return { rows: rows.map((row) => view(caller, row)), total };
    },

    async find(caller, id) {
      const row = await store.messages.find(caller.accountId, caller.deviceId, id);
      if (row === undefined) throw failure('not_found', { what: 'The message' });
      return view(caller, row);
    },

    async cancel(caller, id) {
      const cancelled = await store.messages.cancel(caller.accountId, caller.deviceId, id);
      if (cancelled !== undefined) {
        await store.durable();
        events.emit('message.changed', changeOf(cancelled));
        return view(caller, cancelled);
      }
      const row = await store.messages.find(caller.accountId, caller.deviceId, id);
      if (row === undefined) throw failure('not_found', { what: 'The message' });
      throw failure('not_cancellable', { state: row.state });
    },
  };
}

export const changeOf = (row: MessageRow) => ({
  accountId: row.account_id,
  deviceId: row.device_id,
  messageId: row.id,
  whatsappId: row.whatsapp_id,
  state: row.state,
});

/** Resolves when the message has its outcome, after `waitMs`, or when the caller has gone. */
function watch(events: EventBus, clock: Clock, whatsappId: string, waitMs: number, signal: AbortSignal | undefined) {
  const timer = new AbortController();
  let off = () => undefined as unknown;
  const outcome = new Promise<void>((resolve, reject) => {
    off = events.on('message.changed', (event) => {
      if (event.whatsappId === whatsappId && event.state !== 'queued' && event.state !== 'sending') resolve();
    });
    signal?.addEventListener('abort', () => resolve(), { once: true, signal: timer.signal });
    clock.sleep(waitMs, timer.signal).then(resolve, (error) => {
      if (!timer.signal.aborted) reject(error);
    });
  });
  return {
    outcome,
    forget() {
      off();
      timer.abort();
    },
  };
}

/** The document's three words for the finer states. */
export const statusOf = (state: MessageRow['state']): MessageView['status'] => {
  switch (state) {
    case 'queued':
    case 'sending':
      return 'pending';
    case 'sent':
    case 'delivered':
    case 'read':
      return 'sent';
    case 'failed':
    case 'expired':
    case 'cancelled':
      return 'failed';
  }
};

type Wait = { readonly for: WaitingFor; readonly reason: string | null; readonly until: number | null } | null;

export function viewOf(row: MessageRow, wait: Wait): MessageView {
  const body = readBody(row);
  return {
    id: row.id,
    messageId: row.whatsapp_id,
    recipient: row.recipient,
    type: row.type,
    message: body.is === 'text' ? body.text : (body.caption ?? ''),
    mediaUrl: body.is === 'media' ? body.url : null,
    filename: body.is === 'media' ? (body.filename ?? body.upload?.fileName ?? null) : null,
    status: statusOf(row.state),
    state: row.state,
    waitingFor: wait?.for ?? null,
    waitingReason: wait?.reason ?? null,
    waitingUntil: wait?.until ?? null,
    ref: row.ref,
    priority: row.priority,
    attempts: row.attempts,
    scheduledAt: row.due_at > row.created_at && row.waiting_for === 'schedule' ? row.due_at : null,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    sentAt: row.sent_at,
    deliveredAt: row.delivered_at,
    readAt: row.read_at,
    failedAt: row.failed_at,
    errorCode: row.error_code,
    errorMessage: row.error_message,
    serverTime: row.server_time,
  };
}

/** The Failure that a failed row stands for, with the sentence that was stored. */
function failureOf(row: MessageRow) {
  const code = row.error_code;
  const message = row.error_message ?? '';
  if (row.state === 'expired') return failure('message_expired');
  if (row.state === 'cancelled') return failure('message_cancelled');
  switch (code) {
    case 'number_not_registered':
    case 'media_unreachable':
    case 'refused_by_whatsapp':
    case 'validation_failed':
    case 'rate_limited':
      return failure(code, {}, { message });
    default:
      return failure('send_failed', {}, { message });
  }
}
