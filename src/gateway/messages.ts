import type { Clock } from '../base/clock.ts';
import { type Failure, failure, invalid, isOutcomeUnknown } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import type { Failpoint } from '../base/failpoints.ts';
import { type RandomBytes, whatsappId } from '../base/ids.ts';
import type { MessageRow, Spent, Store, StoreTx, WaitingFor } from '../store/index.ts';
import { bodyOf, readBody, typeOf } from './body.ts';
import type { Caller, MessageQuery, Messages, MessageView, SendOutcome, SendRequest } from './contract.ts';
import type { Fleet } from './fleet.ts';
import { type Happenings, quotaWarning, tellingMessages } from './happenings.ts';
import type { FetchedMedia, MediaFetcher } from './media.ts';
import type { Outcomes } from './outcomes.ts';
import { chatOf, isChannel, normaliseRecipient, recipientText } from './recipients.ts';
import { findQuote } from './replies.ts';
import { readSettings } from './settings.ts';

/** A message may wait this long when the caller names no other time. Seconds. */
const LIFETIME_S = 86_400;

export interface MessagesNeeds {
  readonly store: Pick<
    Store,
    'messages' | 'subscriptions' | 'devices' | 'transaction' | 'durable' | 'conversations' | 'inbox'
  >;
  readonly happenings: Happenings;
  /** What STOP from a person does where the device says nothing. */
  readonly optOut: 'record' | 'refuse';
  readonly fleet: Pick<Fleet, 'isConnected' | 'accepted' | 'hold'>;
  readonly media: Pick<MediaFetcher, 'check' | 'accept' | 'discard'>;
  readonly outcomes: Outcomes;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly failpoint: Failpoint;
  /** How long an answer waits for WhatsApp. */
  readonly waitMs: number;
}

interface Accepted {
  readonly row: MessageRow;
  /** Null for sandbox devices. */
  readonly quotaRemaining: number | null;
}

type Told = Parameters<Happenings['ring']>[0];

/**
 * Accepts messages and tells their story. Acceptance is one transaction (the row with its WhatsApp id, the reserved quota), durable
 * before anybody is told; the outbox does the rest, and `send` waits for what becomes of the row.
 */
export function createMessages(needs: MessagesNeeds): Messages {
  const { store, fleet, outcomes, events, clock, random } = needs;
  const telling = tellingMessages(store, needs.happenings);

  /** Why no quota can be taken, if so. Sandbox devices use none. */
  async function quotaRefusal(caller: Caller): Promise<Failure | undefined> {
    if (caller.deviceKind === 'sandbox') return undefined;
    const now = clock.now();
    const subscription = await store.subscriptions.current(caller.accountId, now);
    if (subscription === undefined || subscription.ends_at <= now || subscription.suspended_at !== null)
      return failure('subscription_expired');
    return subscription.used >= subscription.message_quota ? failure('quota_exhausted') : undefined;
  }

  async function refuseOptedOut(caller: Caller, recipient: string): Promise<void> {
    if (!(await store.conversations.isOptedOut(caller.deviceId, recipient))) return;
    const device = await store.devices.find(caller.accountId, caller.deviceId);
    const rule = (device && readSettings(device.settings).opt_out) ?? needs.optOut;
    if (rule === 'refuse') throw failure('recipient_opted_out', { number: recipient });
  }

  /** To every device of the account: the quota is theirs together. */
  async function warn(tx: StoreTx, accountId: number, spent: Spent): Promise<readonly Told[]> {
    const warning = quotaWarning(spent);
    if (warning === undefined) return [];
    const told: Told[] = [];
    for (const { id } of await tx.devices.list(accountId)) {
      const device = { account_id: accountId, device_id: id };
      if (await needs.happenings.record(tx, device, warning)) told.push(device);
    }
    return told;
  }

  async function accept(caller: Caller, request: SendRequest, id: string): Promise<Accepted> {
    if (caller.suspended) throw failure('device_suspended');
    const recipient = normaliseRecipient(request.recipient, caller.defaultCountry);
    const { content } = request;
    // Channels keep files unencrypted, in another place (docs/decisions/0007).
    if (content.is === 'media' && isChannel(recipientText(recipient)))
      throw invalid('recipient', 'recipient is a channel, which takes text only: send it with /send-message');
    if (content.is === 'media' && 'url' in content.source) needs.media.check(content.source.url);
    const now = clock.now();
    const due = Math.max(now, request.scheduledAt ?? now);
    const expiresAt = due + (request.expiresIn ?? LIFETIME_S) * 1000;
    if (!request.hold && due === now && !fleet.isConnected(caller.deviceId)) {
      // Subscription and quota are told first, as the order of the checks has it.
      throw (await quotaRefusal(caller)) ?? failure('device_not_connected');
    }

    await refuseOptedOut(caller, recipientText(recipient));
    const quoted = await findQuote(store, caller, request.replyTo ?? null, recipientText(recipient));

    let upload: FetchedMedia | null = null;
    if (request.content.is === 'media' && 'upload' in request.content.source) {
      const { stream, filename, mimetype, arrival } = request.content.source.upload;
      upload = await needs.media.accept(stream, {
        accountId: caller.accountId,
        until: expiresAt,
        arrival,
        ...(request.content.mediaType === null ? {} : { declaredType: request.content.mediaType }),
        ...(mimetype === null ? {} : { mimetype }),
        ...((request.content.filename ?? filename) === null
          ? {}
          : { filename: request.content.filename ?? filename ?? '' }),
      });
    }
    const body = bodyOf(request.content, upload, quoted);
    let warned: readonly Told[] = [];
    const accepted = await store
      .transaction(async (tx) => {
        // Sandbox devices use no quota.
        const spent = caller.deviceKind === 'sandbox' ? null : await tx.subscriptions.spend(caller.accountId, now);
        if (spent === undefined) return undefined;
        const stored = await tx.messages.insert({
          account_id: caller.accountId,
          device_id: caller.deviceId,
          subscription_id: spent?.id ?? null,
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
          expires_at: expiresAt,
          waiting_for: due > now ? 'schedule' : null,
        });
        const key = request.idempotencyKey;
        if (key !== null && !(await tx.idempotency.attach(caller.deviceId, key, stored.id)))
          throw failure('idempotency_in_progress', {}, { retryAfter: 1 });
        if (spent !== null) warned = await warn(tx, caller.accountId, spent);
        return { row: stored, quotaRemaining: spent?.left ?? null };
      })
      .catch(async (error) => {
        // A message that may have been accepted needs its file; `sweep` takes it otherwise.
        if (!isOutcomeUnknown(error)) await upload?.remove();
        throw error;
      });
    if (accepted === undefined) {
      await upload?.remove();
      // Taken by another message between the two statements, when the second finds nothing wrong.
      throw (await quotaRefusal(caller)) ?? failure('quota_exhausted');
    }
    needs.failpoint('accepted');
    // Whoever looked before the commit would have found nothing.
    for (const device of warned) needs.happenings.ring(device);
    return accepted;
  }

  /** A filter finds a number however it is written, as a send takes it. */
  const asKept = (caller: Caller, recipient: string): string =>
    recipientText(normaliseRecipient(recipient, caller.defaultCountry));

  const latest = async (caller: Caller, row: MessageRow): Promise<MessageRow> =>
    (await store.messages.find(caller.accountId, caller.deviceId, row.id)) ?? row;

  const view = (row: MessageRow) => viewOf(row, waitOf(row, fleet, clock.now()));

  async function remaining(caller: Caller): Promise<number | null> {
    if (caller.deviceKind === 'sandbox') return null;
    const subscription = await store.subscriptions.current(caller.accountId, clock.now());
    return subscription === undefined ? 0 : Math.max(0, subscription.message_quota - subscription.used);
  }

  /** The answer for a row; whatever it says of acceptance is durable by then. */
  async function answer({ row, quotaRemaining }: Accepted): Promise<SendOutcome> {
    const message = view(row);
    // A message that is sent was durable before its stanza was written.
    if (message.status !== 'sent') await store.durable();
    if (message.status === 'failed') throw failureOf(row);
    return { is: message.status, message, quotaRemaining };
  }

  return {
    async send(caller, request, signal) {
      const id = whatsappId(random);
      const expected = outcomes.expect(id, needs.waitMs, signal);
      try {
        const accepted = await accept(caller, request, id);
        const { row } = accepted;
        expected.accepted(row);
        events.emit('message.accepted', { accountId: row.account_id, deviceId: row.device_id, messageId: row.id });
        fleet.accepted(row);
        if (request.async || row.due_at > clock.now()) return await answer(accepted);
        return await answer({ ...accepted, row: (await expected.row) ?? (await latest(caller, row)) });
      } finally {
        expected.forget();
      }
    },

    async resume(caller, id, signal) {
      const row = await store.messages.find(caller.accountId, caller.deviceId, id);
      if (row === undefined) throw failure('not_found', { what: 'The message' });
      const expected = outcomes.expect(row.whatsapp_id, needs.waitMs, signal);
      expected.accepted(row);
      try {
        // Looked at again once the waiting has begun.
        const now = await latest(caller, row);
        const waits = statusOf(now.state) === 'pending' && now.due_at <= clock.now();
        const settled = waits ? await expected.row : now;
        return await answer({
          row: settled ?? (await latest(caller, row)),
          quotaRemaining: await remaining(caller),
        });
      } finally {
        expected.forget();
      }
    },

    async list(caller, query: MessageQuery) {
      const { rows, total } = await store.messages.list(caller.accountId, caller.deviceId, {
        ...query,
        ...(query.recipient === undefined ? {} : { recipient: asKept(caller, query.recipient) }),
      });
      return { rows: rows.map((row) => view(row)), total };
    },

    async find(caller, id) {
      const row = await store.messages.find(caller.accountId, caller.deviceId, id);
      if (row === undefined) throw failure('not_found', { what: 'The message' });
      return view(row);
    },

    async cancel(caller, id) {
      const cancelled = await telling.cancel(caller.accountId, caller.deviceId, id);
      if (cancelled !== undefined) {
        await store.durable();
        outcomes.tell(cancelled);
        return view(cancelled);
      }
      const row = await store.messages.find(caller.accountId, caller.deviceId, id);
      if (row === undefined) throw failure('not_found', { what: 'The message' });
      throw failure('not_cancellable', { state: row.state });
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

/** Why a queued row does not go out now: the row's own reason, the device, or the pacing of all. */
export function waitOf(row: MessageRow, fleet: Pick<Fleet, 'isConnected' | 'hold'>, now: number): Wait {
  if (row.state !== 'queued') return null;
  if (row.due_at > now)
    return row.waiting_for && { for: row.waiting_for, reason: row.waiting_reason, until: row.due_at };
  if (!fleet.isConnected(row.device_id)) return { for: 'device_offline', reason: null, until: null };
  const hold = fleet.hold(row.device_id);
  return hold !== undefined && hold.until > now ? { for: 'pacing', reason: hold.reason, until: hold.until } : null;
}

export function viewOf(row: MessageRow, wait: Wait): MessageView {
  return {
    id: row.id,
    messageId: row.whatsapp_id,
    recipient: row.recipient,
    type: row.type,
    // Opened when they are asked for: the answer to a send tells none of them.
    get message() {
      const body = readBody(row);
      return body.is === 'text' ? body.text : (body.caption ?? '');
    },
    get mediaUrl() {
      const body = readBody(row);
      return body.is === 'media' ? body.url : null;
    },
    get filename() {
      const body = readBody(row);
      return body.is === 'media' ? (body.filename ?? body.upload?.fileName ?? null) : null;
    },
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
    case 'rate_limited':
      return failure(code, {}, { message });
    case 'validation_failed': {
      // All that can be found wrong so late is the file.
      const body = readBody(row);
      return invalid(body.is === 'media' && body.url === null ? 'file' : 'media_url', message);
    }
    default:
      return failure('send_failed', {}, { message });
  }
}
