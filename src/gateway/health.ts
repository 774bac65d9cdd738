import type { Clock } from '../base/clock.ts';
import type { DeviceRow } from '../store/index.ts';
import type { DeviceState } from './supervisor.ts';

/** What is wrong with a device, or soon will be; each with what to do. Times are Unix ms. */
export interface HealthNotice {
  readonly code: NoticeCode;
  readonly level: 'warning' | 'critical';
  readonly message: string;
  readonly until: number | null;
}

export interface DeviceHealth {
  readonly status: 'ok' | 'warning' | 'critical';
  readonly notices: readonly HealthNotice[];
  /** From the stanza on the wire to WhatsApp's acknowledgement, over the last hundred; null before the first. */
  readonly ackLatencyMs: { readonly p50: number; readonly p95: number } | null;
  readonly lastAckAt: number | null;
  /** The last sign of life of the device's phone. */
  readonly phoneSeenAt: number | null;
  /** Connections that were restarted in the last hour because nothing was acknowledged. */
  readonly stalls: number;
}

const notices = {
  time_lock: ['warning', 'WhatsApp does not let this number open new conversations for a while. Answers are sent; first messages to new contacts wait.'],
  capping: ['warning', 'WhatsApp says that this number comes close to its limit of messages. Please send less.'],
  phone_offline: ['warning', 'The phone of this device has not been online for {days} days. WhatsApp unlinks the device after 14: please open WhatsApp on the phone.'],
  slow_acks: ['warning', 'WhatsApp acknowledges slowly. Messages are sent, later than usual.'],
  stalled: ['warning', 'The connection was restarted because WhatsApp acknowledged nothing. Messages on the way are sent again, once.'],
  store: ['critical', 'The gateway can not store the keys of this device now. Nothing is sent until it can; nothing is lost.'],
  outdated: ['critical', 'WhatsApp refuses this version of its web client. The administrator must set a newer one (WHATSAPP_VERSION).'],
  down: ['critical', '{because}'],
} as const satisfies Record<string, readonly ['warning' | 'critical', string]>; // biome-ignore format: a table

export type NoticeCode = keyof typeof notices;
export const noticeCodes = Object.keys(notices) as [NoticeCode, ...NoticeCode[]];

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** WhatsApp unlinks after 14 days; four of them are left to open the phone. */
const PHONE_WARNING_DAYS = 10;
const SLOW_ACK_MS = 5_000;
/** For so long a restarted connection is worth a person's look; it is counted for an hour. */
const STALL_NEWS_MS = 10 * 60_000;
const SAMPLES = 100;
/** A capping notice is not taken back by WhatsApp. */
const CAPPING_MS = DAY;

export interface Health {
  /** True when a trouble has ended with it. */
  acknowledged(tookMs: number): boolean;
  stalled(): void;
  capped(): void;
  storeFailed(): void;
  phoneSeen(at: number): void;
  /** Another number has linked the device: what WhatsApp said of the one before says nothing of it. */
  beginAnew(): void;
  look(facts: { readonly state: DeviceState; readonly lockedUntil: number }): DeviceHealth;
}

export function createHealth(
  device: Pick<DeviceRow, 'phone_seen_at' | 'linked_at' | 'kind'>,
  clock: Pick<Clock, 'now'>,
): Health {
  const latencies: number[] = [];
  let stalls: number[] = [];
  let lastAckAt: number | null = null;
  let cappedAt: number | null = null;
  let storeFailedAt: number | null = null;
  let phoneSeenAt = device.phone_seen_at ?? device.linked_at;

  return {
    acknowledged(tookMs) {
      latencies.push(tookMs);
      if (latencies.length > SAMPLES) latencies.shift();
      lastAckAt = clock.now();
      const ended = storeFailedAt !== null;
      storeFailedAt = null;
      return ended;
    },
    stalled() {
      stalls.push(clock.now());
    },
    capped() {
      cappedAt = clock.now();
    },
    storeFailed() {
      storeFailedAt = clock.now();
    },
    phoneSeen(at) {
      phoneSeenAt = Math.max(phoneSeenAt ?? 0, at);
    },
    beginAnew() {
      cappedAt = null;
    },
    look({ state, lockedUntil }) {
      const now = clock.now();
      stalls = stalls.filter((at) => at > now - HOUR);
      const sorted = [...latencies].sort((a, b) => a - b);
      const at = (share: number) =>
        Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
      const found: HealthNotice[] = [];
      const notice = (code: NoticeCode, until: number | null = null, facts: Readonly<Record<string, string>> = {}) =>
        found.push({
          code,
          level: notices[code][0],
          message: notices[code][1].replace(/\{(\w+)\}/g, (_, name: string) => facts[name] ?? ''),
          until,
        });
      if (state.is === 'down') notice('down', null, { because: state.because });
      if (storeFailedAt !== null) notice('store');
      if (state.is === 'waiting' && state.reason === 'outdated') notice('outdated', state.until);
      if (lockedUntil > now) notice('time_lock', lockedUntil);
      if (cappedAt !== null && cappedAt > now - CAPPING_MS) notice('capping');
      const days = phoneSeenAt === null || device.kind === 'sandbox' ? 0 : Math.floor((now - phoneSeenAt) / DAY);
      if (days >= PHONE_WARNING_DAYS) notice('phone_offline', (phoneSeenAt ?? now) + 14 * DAY, { days: String(days) });
      // One number of the sandbox is never acknowledged: that is no trouble of the device.
      if (device.kind !== 'sandbox' && stalls.some((at) => at > now - STALL_NEWS_MS)) notice('stalled');
      if (sorted.length >= 10 && at(0.5) > SLOW_ACK_MS) notice('slow_acks');
      return {
        status: found.some(({ level }) => level === 'critical') ? 'critical' : found.length > 0 ? 'warning' : 'ok',
        notices: found,
        ackLatencyMs: sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95) },
        lastAckAt,
        phoneSeenAt,
        stalls: stalls.length,
      };
    },
  };
}
