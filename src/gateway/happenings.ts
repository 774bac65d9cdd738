import { type Clock, isoMicros } from '../base/clock.ts';
import type { EventBus } from '../base/events.ts';
import { eventId, type RandomBytes } from '../base/ids.ts';
import type { MessageRow, Messages as MessageStore, Store, StoreTx } from '../store/index.ts';
import type { DeviceHealth } from './health.ts';

/**
 * What webhooks and live streams tell. Each happening is a row, written in the transaction of its cause together with its deliveries
 * (`store/events.ts`): what was committed is told, at least once, whatever happens to the process; what was not, never was.
 */
export const eventTypes = [
  'message.received',
  'message.status',
  'message.failed',
  'device.status',
  'device.health',
  'quota.warning',
  'webhook.paused',
] as const;
export type EventType = (typeof eventTypes)[number];

export interface Happening {
  readonly type: EventType | 'webhook.test';
  /** What is told only once in the life of a device; null: each time. */
  readonly cause: string | null;
  /** Deliveries of one chat keep their order; empty: of none. */
  readonly chat: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Device {
  readonly account_id: number;
  readonly device_id: number;
}

export type Recording = (tx: Pick<StoreTx, 'events'>, device: Device, happening: Happening) => Promise<boolean>;

export interface Happenings {
  /** In the transaction of its cause. False: it was told before. */
  readonly record: Recording;
  /** After that transaction is committed. */
  ring(device: Device): void;
  /**
   * Whether anybody would be told. Only for what happens to every message several times: an endpoint that another node made is known
   * here some seconds later.
   */
  wants(deviceId: number, types: readonly EventType[]): Promise<boolean>;
}

/** Who listens is asked of the store again after so long; this node's own changes are heard at once. */
const KNOWN_MS = 3_000;
/** A live stream that was cut off finds what it missed for so long. */
export const FOLLOWED_MS = 86_400_000;

export function createHappenings({
  store,
  events,
  clock,
  random,
}: {
  readonly store: Pick<Store, 'events'>;
  readonly events: Pick<EventBus, 'emit' | 'on'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly random: RandomBytes;
}): Happenings {
  const known = new Map<number, { readonly until: number; readonly wanted: Promise<ReadonlySet<string> | 'all'> }>();
  events.on('webhook.changed', ({ deviceId }) => known.delete(deviceId));
  events.on('events.followed', ({ deviceId }) => known.delete(deviceId));

  async function ask(deviceId: number): Promise<ReadonlySet<string> | 'all'> {
    const { types, followed_at } = await store.events.listeners(deviceId);
    return (followed_at ?? 0) > clock.now() - FOLLOWED_MS ? 'all' : types;
  }

  return {
    async wants(deviceId, types) {
      let entry = known.get(deviceId);
      if (entry === undefined || entry.until <= clock.monotonic()) {
        entry = { until: clock.monotonic() + KNOWN_MS, wanted: ask(deviceId) };
        known.set(deviceId, entry);
        entry.wanted.catch(() => known.delete(deviceId));
      }
      const wanted = await entry.wanted;
      return wanted === 'all' || types.some((type) => wanted.has(type));
    },
    record: (tx, device, happening) =>
      tx.events.record(device, { ...happening, uid: eventId(random), at: clock.now() }),
    ring: ({ account_id, device_id }) => events.emit('event.recorded', { accountId: account_id, deviceId: device_id }),
  };
}

const steps = ['sent', 'delivered', 'read'] as const;
type Step = (typeof steps)[number];
const timeOf: Record<Step, (row: MessageRow) => number | null> = {
  sent: (row) => row.sent_at,
  delivered: (row) => row.delivered_at,
  read: (row) => row.read_at,
};

const messageData = (row: MessageRow) => ({
  id: row.id,
  message_id: row.whatsapp_id,
  recipient: row.recipient,
  type: row.type,
  ref: row.ref,
  created_at: isoMicros(row.created_at),
});

/**
 * What a row's new state is told as. A receipt may lift a message over a step (`read` before `delivered` came): the steps that it
 * lifted over, which have its own time then, are told first, so that each is told once, and in order.
 */
export function happeningsOf(row: MessageRow): Happening[] {
  const { state } = row;
  if (state === 'failed' || state === 'expired' || state === 'cancelled')
    return [
      {
        type: 'message.failed',
        cause: `message:${row.id}:failed`,
        chat: row.recipient,
        data: {
          ...messageData(row),
          status: state,
          at: isoMicros(row.failed_at),
          error_code: row.error_code,
          error_message: row.error_message,
        },
      },
    ];
  const last = steps.indexOf(state as Step);
  return steps
    .slice(0, last + 1)
    .filter((step, at) => at === last || timeOf[step](row) === timeOf[steps[last] ?? 'sent'](row))
    .map((step) => ({
      type: 'message.status',
      cause: `message:${row.id}:${step}`,
      chat: row.recipient,
      data: { ...messageData(row), status: step, at: isoMicros(timeOf[step](row)) },
    }));
}

type Outcomes = Pick<
  MessageStore,
  'markSent' | 'applyReceipt' | 'markFailed' | 'markExpired' | 'expire' | 'expireUnkept' | 'cancel'
>;
const messageTypes: readonly EventType[] = ['message.status', 'message.failed'];

/** The store's messages, whose outcomes are told in the transaction that writes them, where anybody listens. */
export function tellingMessages(store: Pick<Store, 'messages' | 'transaction'>, happenings: Happenings): MessageStore {
  async function tell<T extends MessageRow | MessageRow[] | undefined>(
    deviceId: number,
    work: (messages: Outcomes) => Promise<T>,
  ): Promise<T> {
    if (!(await happenings.wants(deviceId, messageTypes))) return work(store.messages);
    let told: MessageRow | undefined;
    const result = await store.transaction(async (tx) => {
      const written = await work(tx.messages);
      for (const row of [written ?? []].flat())
        for (const happening of happeningsOf(row)) if (await happenings.record(tx, row, happening)) told = row;
      return written;
    });
    if (told !== undefined) happenings.ring(told);
    return result;
  }
  return {
    ...store.messages,
    markSent: (owner, ...rest) => tell(owner.device_id, (messages) => messages.markSent(owner, ...rest)),
    applyReceipt: (owner, ...rest) => tell(owner.device_id, (messages) => messages.applyReceipt(owner, ...rest)),
    markFailed: (owner, ...rest) => tell(owner.device_id, (messages) => messages.markFailed(owner, ...rest)),
    markExpired: (owner, ...rest) => tell(owner.device_id, (messages) => messages.markExpired(owner, ...rest)),
    expire: (owner, ...rest) => tell(owner.device_id, (messages) => messages.expire(owner, ...rest)),
    expireUnkept: (device, ...rest) => tell(device.device_id, (messages) => messages.expireUnkept(device, ...rest)),
    cancel: (account, device, id) => tell(device, (messages) => messages.cancel(account, device, id)),
  };
}

export const deviceStatus = (status: string, reason: string | null): Happening => ({
  type: 'device.status',
  cause: null,
  chat: '',
  data: { status, reason },
});

export const deviceHealth = ({ status, notices }: Pick<DeviceHealth, 'status' | 'notices'>): Happening => ({
  type: 'device.health',
  cause: null,
  chat: '',
  data: {
    status,
    notices: notices.map(({ code, level, message, until }) => ({ code, level, message, until: isoMicros(until) })),
  },
});

interface Used {
  readonly id: number;
  readonly used: number;
  readonly message_quota: number;
  readonly ends_at: number;
}

/** Of the quota, in percent. */
const WARNINGS = [80, 100] as const;

/** The warning that using the last one of `used` brings, or none. Told once for each period and quota. */
export function quotaWarning({ id, used, message_quota, ends_at }: Used): Happening | undefined {
  const reached = WARNINGS.findLast((percent) => used === Math.ceil((message_quota * percent) / 100));
  if (reached === undefined) return undefined;
  return {
    type: 'quota.warning',
    cause: `quota:${id}:${message_quota}:${reached}`,
    chat: '',
    data: {
      percent: reached,
      message_quota,
      message_used: used,
      message_remaining: message_quota - used,
      ends_at: isoMicros(ends_at),
    },
  };
}
