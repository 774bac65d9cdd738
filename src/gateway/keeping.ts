import type { Clock } from '../base/clock.ts';
import type { EventBus } from '../base/events.ts';
import type { DeviceKind, DeviceRow, Store } from '../store/index.ts';
import type { Audit } from './audit.ts';
import type { DeviceStatus } from './contract.ts';
import { type DeviceAdmin, statusOf } from './devices.ts';
import type { Fleet } from './fleet.ts';
import { createHealth, type DeviceHealth } from './health.ts';
import { PACING, type PacingSettings } from './pacing.ts';
import type { Signed } from './sessions.ts';
import { pacingOf, readSettings } from './settings.ts';

/** A device's state as its page shows it. */
export interface DeviceLive {
  readonly status: DeviceStatus;
  /** A stable word, of the table of disconnects where it came from there. */
  readonly reason: string | null;
  readonly message: string | null;
  readonly caughtUp: boolean;
  readonly retryAt: number | null;
  readonly linking: boolean;
  /** Only for those who may link. */
  readonly qr: { readonly text: string; readonly expiresAt: number } | null;
}

export interface DeviceView {
  readonly id: number;
  readonly name: string;
  readonly kind: DeviceKind;
  readonly phoneNumber: string | null;
  readonly pushName: string | null;
  readonly defaultCountry: string;
  readonly enabled: boolean;
  readonly linked: boolean;
  readonly suspended: boolean;
  readonly live: DeviceLive;
  readonly health: DeviceHealth;
  readonly token: {
    readonly prefix: string;
    readonly last4: string;
    readonly createdAt: number;
    readonly usedAt: number | null;
  } | null;
  readonly connectedAt: number | null;
  readonly lastSeenAt: number | null;
  readonly createdAt: number;
}

export interface DeviceDetail extends DeviceView {
  readonly pacing: PacingSettings;
  readonly pacingOwn: readonly string[];
  readonly pacingDefaults: PacingSettings;
}

type PacingChange = { readonly [K in keyof PacingSettings]?: PacingSettings[K] | readonly number[] | undefined };

export interface DeviceChange {
  readonly name?: string | undefined;
  readonly defaultCountry?: string | undefined;
  readonly pacing?: PacingChange | undefined;
  /** Keys of pacing that go back to the default. */
  readonly reset?: readonly string[] | undefined;
}

/** Devices as their account keeps them. Linking and connecting is `linking.ts`. */
export interface Keeping {
  list(who: Signed): Promise<readonly DeviceView[]>;
  find(who: Signed, id: number): Promise<DeviceDetail>;
  create(
    who: Signed,
    device: { name: string; kind: DeviceKind; defaultCountry?: string | undefined },
    address: string,
  ): Promise<DeviceDetail>;
  change(who: Signed, id: number, change: DeviceChange): Promise<DeviceDetail>;
  issueToken(
    who: Signed,
    id: number,
    address: string,
  ): Promise<{ readonly token: string; readonly device: DeviceDetail }>;
}

export interface KeepingNeeds {
  readonly store: Pick<Store, 'devices' | 'durable'>;
  readonly devices: Pick<DeviceAdmin, 'create' | 'issueToken' | 'find'>;
  readonly fleet: Pick<Fleet, 'state' | 'health' | 'isPairing' | 'refresh' | 'changeSettings'>;
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Clock;
}

/** A QR code is as good as the account behind it: only those who may link see one. */
export const mayLink = ({ role }: Pick<Signed, 'role'>): boolean => role === 'owner' || role === 'admin';

export function createKeeping(needs: KeepingNeeds): Keeping {
  const { store, devices, fleet } = needs;
  const view = createDeviceViews(needs);
  const told = ({ account_id, id, state }: DeviceRow) =>
    needs.events.emit('device.changed', { accountId: account_id, deviceId: id, state });
  const detail = (who: Signed, row: DeviceRow): DeviceDetail => ({
    ...view(row, mayLink(who)),
    pacing: pacingOf(row),
    pacingOwn: Object.keys(readSettings(row.settings).pacing ?? {}),
    pacingDefaults: PACING,
  });

  return {
    async list(who) {
      return (await store.devices.list(who.accountId)).map((row) => view(row, mayLink(who)));
    },

    async find(who, id) {
      return detail(who, await devices.find(who.accountId, id));
    },

    async create(who, { name, kind, defaultCountry }, address) {
      const row = await devices.create(who.accountId, {
        name,
        kind,
        ...(defaultCountry === undefined ? {} : { defaultCountry }),
      });
      await needs.audit.note({ kind: 'device.created', who, subject: `device ${row.id}`, address });
      if (kind === 'sandbox') await fleet.refresh();
      told(row);
      return detail(who, await devices.find(who.accountId, row.id));
    },

    async change(who, id, { name, defaultCountry, pacing, reset }) {
      const row = await devices.find(who.accountId, id);
      const settings = readSettings(row.settings);
      const own = Object.entries({ ...settings.pacing, ...pacing }).filter(
        ([key, value]) => value !== undefined && !reset?.includes(key),
      );
      const changed = await store.devices.update(who.accountId, id, {
        ...(name !== undefined && { name }),
        ...(defaultCountry !== undefined && { default_country: defaultCountry }),
        ...((pacing !== undefined || reset !== undefined) && {
          settings: JSON.stringify({ ...settings, pacing: Object.fromEntries(own) }),
        }),
      });
      await store.durable();
      if (changed !== undefined) fleet.changeSettings(changed);
      told(changed ?? row);
      return detail(who, changed ?? row);
    },

    async issueToken(who, id, address) {
      const token = await devices.issueToken(who.accountId, id);
      await needs.audit.note({ kind: 'token.issued', who, subject: `device ${id}`, address });
      const row = await devices.find(who.accountId, id);
      told(row);
      return { token, device: detail(who, row) };
    },
  };
}

/** Rows with what this node knows of them at this moment. */
export function createDeviceViews({
  fleet,
  clock,
}: {
  readonly fleet: Pick<Fleet, 'state' | 'health' | 'isPairing'>;
  readonly clock: Pick<Clock, 'now'>;
}) {
  return function view(row: DeviceRow, withQr: boolean): DeviceView {
    const state = fleet.state(row.id);
    const token =
      row.token_prefix !== null && row.token_last4 !== null && row.token_created_at !== null
        ? {
            prefix: row.token_prefix,
            last4: row.token_last4,
            createdAt: row.token_created_at,
            usedAt: row.token_used_at,
          }
        : null;
    return {
      id: row.id,
      name: row.name,
      kind: row.kind,
      phoneNumber: row.phone,
      pushName: row.push_name,
      defaultCountry: row.default_country,
      enabled: row.enabled === 1,
      linked: row.phone !== null && row.state !== 'logged_out',
      suspended: row.suspended_at !== null,
      live: liveOf(row, state, fleet.isPairing(row.id), withQr),
      health: fleet.health(row.id) ?? createHealth(row, clock).look({ state, lockedUntil: row.time_lock_until ?? 0 }),
      token,
      connectedAt: row.connected_at,
      lastSeenAt: state.is === 'connected' ? clock.now() : row.last_seen,
      createdAt: row.created_at,
    };
  };
}

function liveOf(row: DeviceRow, state: ReturnType<Fleet['state']>, linking: boolean, withQr: boolean): DeviceLive {
  const { status, statusReason } = statusOf(row, state);
  return {
    status,
    reason: reasonOf(row, state),
    message: statusReason,
    caughtUp: state.is === 'connected' && state.caughtUp,
    retryAt: state.is === 'waiting' ? state.until : null,
    linking,
    qr: withQr && state.is === 'pairing' ? { text: state.qr, expiresAt: state.expiresAt } : null,
  };
}

function reasonOf(row: DeviceRow, state: ReturnType<Fleet['state']>): string | null {
  if (row.suspended_at !== null) return 'suspended';
  if (state.is === 'down' || state.is === 'waiting') return state.reason;
  return state.is === 'idle' && row.state === 'logged_out' ? 'logged_out' : null;
}
