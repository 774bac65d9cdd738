import { hash, type KeyObject } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { dayIn, startOfDay } from '../base/clock.ts';
import { failure, invalid } from '../base/errors.ts';
import { isToken, newToken, type RandomBytes, tokenHash } from '../base/ids.ts';
import type { AccountRow, DeviceKind, DeviceRow, Store } from '../store/index.ts';
import type { Caller, DeviceDescription, DeviceListItem, DeviceStatus, Devices } from './contract.ts';
import type { Fleet } from './fleet.ts';
import { createHealth } from './health.ts';
import type { DeviceState } from './supervisor.ts';

/** What the account's own people do with devices; the API's part is `Devices` of the contract. */
export interface DeviceAdmin extends Devices {
  /** Throws `device_limit_reached` (each kind has the limit for itself), `subscription_expired`, `validation_failed`. */
  create(accountId: number, device: NewDevice): Promise<DeviceRow>;
  /** A new token; the one before is dead at once. It is told here and never again. */
  issueToken(accountId: number, deviceId: number): Promise<string>;
  list(accountId: number): Promise<readonly DeviceListItem[]>;
  find(accountId: number, deviceId: number): Promise<DeviceRow>;
}

export interface NewDevice {
  readonly name: string;
  readonly kind: DeviceKind;
  readonly defaultCountry?: string;
}

export interface DevicesNeeds {
  readonly store: Pick<Store, 'devices' | 'accounts' | 'subscriptions' | 'packages' | 'messages' | 'durable'>;
  readonly fleet: Pick<Fleet, 'state' | 'health'>;
  readonly tokenKey: KeyObject;
  readonly defaultCountry: string;
  /** Whether there is a network for sandbox devices. */
  readonly hasSandbox: boolean;
  readonly rateLimit: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** A token that was good a moment ago needs no query; below the second within which an old one must be dead. */
const REMEMBER_MS = 500;

export function createDevices(needs: DevicesNeeds): DeviceAdmin {
  const { store, clock, random } = needs;
  const remembered = new Map<string, { readonly caller: Caller; readonly until: number }>();
  let clearings = 0;

  async function find(accountId: number, deviceId: number): Promise<DeviceRow> {
    const device = await store.devices.find(accountId, deviceId);
    if (device === undefined) throw failure('not_found', { what: 'The device' });
    return device;
  }

  async function running(accountId: number) {
    const subscription = await store.subscriptions.current(accountId, clock.now());
    return subscription !== undefined && subscription.ends_at > clock.now() && subscription.suspended_at === null
      ? subscription
      : undefined;
  }

  return {
    async authenticate(token) {
      // In memory a bare hash is enough: it never leaves the process, and the tokens have 256 random bits.
      const key = hash('sha256', token);
      const known = remembered.get(key);
      if (known !== undefined && known.until > clock.monotonic()) return known.caller;
      if (!isToken(token)) throw failure('invalid_token');
      const before = clearings;
      const found = await store.devices.findByToken(tokenHash(needs.tokenKey, token));
      if (found === undefined) {
        remembered.delete(key);
        throw failure('invalid_token');
      }
      const { device, account } = found;
      if (account.suspended_at !== null) throw failure('account_suspended');
      const subscription = await running(account.id);
      const caller: Caller = {
        accountId: account.id,
        deviceId: device.id,
        deviceKind: device.kind,
        defaultCountry: device.default_country,
        suspended: device.suspended_at !== null,
        rateLimit: subscription?.rate_limit_per_minute ?? needs.rateLimit,
        tokenId: `device:${device.id}`,
        tokenSince: device.token_created_at,
      };
      if (remembered.size > 10_000) remembered.clear();
      // A token that was renewed since it was looked up is not remembered.
      if (before === clearings) remembered.set(key, { caller, until: clock.monotonic() + REMEMBER_MS });
      await store.devices.touchToken(device);
      return caller;
    },

    async describe(caller): Promise<DeviceDescription> {
      const device = await find(caller.accountId, caller.deviceId);
      const account = await store.accounts.find(caller.accountId);
      const owner = await store.accounts.ownerOf(caller.accountId);
      if (account === undefined || owner === undefined) throw failure('invalid_token');
      const state = needs.fleet.state(device.id);
      const statistics = await store.messages.statistics(
        caller.accountId,
        caller.deviceId,
        startOfDay(account.time_zone, clock.now()),
      );
      return {
        device: {
          id: device.id,
          name: device.name,
          kind: device.kind,
          phoneNumber: device.phone,
          lid: device.lid,
          ...statusOf(device, state),
          connectedAt: device.connected_at,
          lastSeen: state.is === 'connected' ? clock.now() : device.last_seen,
        },
        health:
          needs.fleet.health(device.id) ??
          createHealth(device, clock).look({ state, lockedUntil: device.time_lock_until ?? 0 }),
        user: { name: owner.name, email: owner.email },
        subscription: await describeSubscription(account),
        statistics: {
          totalSent: statistics.total_sent,
          totalFailed: statistics.total_failed,
          todaySent: statistics.today_sent,
        },
      };
    },

    async quotaRemaining(caller) {
      if (caller.deviceKind === 'sandbox') return null;
      const subscription = await running(caller.accountId);
      return subscription === undefined ? 0 : Math.max(0, subscription.message_quota - subscription.used);
    },

    async create(accountId, given) {
      if (given.kind === 'sandbox' && !needs.hasSandbox)
        throw invalid('kind', 'There are no sandbox devices here: the operator has set SANDBOX=false.');
      const subscription = await running(accountId);
      if (subscription === undefined) throw failure('subscription_expired');
      const device = await store.devices.create(
        accountId,
        {
          name: given.name,
          kind: given.kind,
          default_country: given.defaultCountry ?? needs.defaultCountry,
          // A sandbox device links itself: its simulated phone scans the code as soon as it is shown.
          enabled: given.kind === 'sandbox' ? 1 : 0,
        },
        subscription.device_limit,
      );
      if (device === undefined) throw failure('device_limit_reached', { limit: subscription.device_limit });
      await store.durable();
      return device;
    },

    async issueToken(accountId, deviceId) {
      await find(accountId, deviceId);
      const token = newToken(random);
      await store.devices.setToken(accountId, deviceId, {
        hash: tokenHash(needs.tokenKey, token),
        prefix: token.slice(0, 8),
        last4: token.slice(-4),
      });
      await store.durable();
      clearings += 1;
      remembered.clear();
      return token;
    },

    async list(accountId) {
      const devices = await store.devices.list(accountId);
      return devices.map((device) => ({
        id: device.id,
        name: device.name,
        kind: device.kind,
        phoneNumber: device.phone,
        ...statusOf(device, needs.fleet.state(device.id)),
        tokenPrefix: device.token_prefix,
        tokenLast4: device.token_last4,
      }));
    },

    find,
  };

  async function describeSubscription(account: AccountRow): Promise<DeviceDescription['subscription']> {
    const subscription = await store.subscriptions.current(account.id, clock.now());
    if (subscription === undefined) return null;
    const offer = await store.packages.find(subscription.package_id);
    return {
      package: offer?.name ?? '',
      messageQuota: subscription.message_quota,
      messageRemaining: Math.max(0, subscription.message_quota - subscription.used),
      deviceLimit: subscription.device_limit,
      endDate: dayIn(account.time_zone, subscription.ends_at),
      isTrial: subscription.is_trial === 1,
    };
  }
}

/** The document's words for the live state; what this node does not hold is told as it was last stored. */
export function statusOf(
  device: Pick<DeviceRow, 'state' | 'state_reason' | 'suspended_at'>,
  state: DeviceState,
): { readonly status: DeviceStatus; readonly statusReason: string | null } {
  if (device.suspended_at !== null)
    return { status: 'suspended', statusReason: 'An administrator of this server has suspended this device.' };
  switch (state.is) {
    case 'connected':
      return { status: 'connected', statusReason: null };
    case 'connecting':
      return { status: 'connecting', statusReason: null };
    case 'waiting':
      return { status: 'connecting', statusReason: state.because };
    case 'pairing':
      return { status: 'pairing', statusReason: 'Scan the QR code with WhatsApp on your phone: Linked devices.' };
    case 'down':
      return { status: state.reason === 'logged_out' ? 'logged_out' : 'disconnected', statusReason: state.because };
    case 'idle':
      return {
        status: device.state === 'logged_out' ? 'logged_out' : 'disconnected',
        statusReason: device.state_reason,
      };
  }
}
