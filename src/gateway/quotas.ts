import { type Clock, dayIn } from '../base/clock.ts';
import type { AccountRow, Store, SubscriptionRow } from '../store/index.ts';

export interface SubscriptionView {
  readonly id: number;
  readonly packageId: number;
  readonly package: string;
  readonly messageQuota: number;
  readonly used: number;
  readonly remaining: number;
  readonly deviceLimit: number;
  /** WhatsApp devices in use. */
  readonly devices: number;
  readonly rateLimitPerMinute: number | null;
  readonly isTrial: boolean;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly endDate: string;
  readonly state: 'running' | 'ended' | 'suspended' | 'upcoming';
  readonly warning: 'quota_80' | 'quota_100' | 'ends_soon' | 'ended' | 'suspended' | null;
}

type Account = Pick<AccountRow, 'id' | 'time_zone'>;

/** What an account may use, as people are told of it. */
export interface Quotas {
  /** The one that runs, else the latest; null: there is none. */
  current(account: Account): Promise<SubscriptionView | null>;
  /** Newest first. */
  list(account: Account): Promise<readonly SubscriptionView[]>;
  view(account: Account, row: SubscriptionRow): Promise<SubscriptionView>;
}

const SOON_MS = 7 * 86_400_000;

export function createQuotas({
  store,
  clock,
}: {
  readonly store: Pick<Store, 'subscriptions' | 'packages' | 'devices'>;
  readonly clock: Pick<Clock, 'now'>;
}): Quotas {
  async function view(account: Account, row: SubscriptionRow): Promise<SubscriptionView> {
    const offer = await store.packages.find(row.package_id);
    const devices = await store.devices.list(account.id);
    const state = stateOf(row, clock.now());
    return {
      id: row.id,
      packageId: row.package_id,
      package: offer?.name ?? '',
      messageQuota: row.message_quota,
      used: row.used,
      remaining: Math.max(0, row.message_quota - row.used),
      deviceLimit: row.device_limit,
      devices: devices.filter(({ kind }) => kind === 'whatsapp').length,
      rateLimitPerMinute: row.rate_limit_per_minute,
      isTrial: row.is_trial === 1,
      startsAt: row.starts_at,
      endsAt: row.ends_at,
      endDate: dayIn(account.time_zone, row.ends_at),
      state,
      warning: warningOf(row, state, clock.now()),
    };
  }

  return {
    view,
    async current(account) {
      const row = await store.subscriptions.current(account.id, clock.now());
      return row === undefined ? null : view(account, row);
    },
    async list(account) {
      const rows = await store.subscriptions.list(account.id);
      return Promise.all(rows.map((row) => view(account, row)));
    },
  };
}

function stateOf(row: SubscriptionRow, now: number): SubscriptionView['state'] {
  if (row.ends_at <= now) return 'ended';
  if (row.suspended_at !== null) return 'suspended';
  return row.starts_at > now ? 'upcoming' : 'running';
}

/** The gravest. */
function warningOf(row: SubscriptionRow, state: SubscriptionView['state'], now: number): SubscriptionView['warning'] {
  if (state === 'ended' || state === 'suspended') return state;
  if (row.used >= row.message_quota) return 'quota_100';
  if (row.used >= row.message_quota * 0.8) return 'quota_80';
  return row.ends_at - now <= SOON_MS ? 'ends_soon' : null;
}
