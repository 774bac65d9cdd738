import type { Clock } from '../base/clock.ts';
import { failure } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import type { AccountRow, NodeRole, Role, Store } from '../store/index.ts';
import type { Accounts } from './accounts.ts';
import type { Audit } from './audit.ts';
import type { Fleet } from './fleet.ts';
import type { Installation } from './installation.ts';
import { createDeviceViews, type DeviceView } from './keeping.ts';
import { letters } from './letters.ts';
import type { Mail } from './mail.ts';
import type { Quotas, SubscriptionView } from './quotas.ts';
import type { Signed } from './sessions.ts';

export interface AccountView {
  readonly id: number;
  readonly name: string;
  readonly owner: string | null;
  readonly isAdmin: boolean;
  readonly suspendedAt: number | null;
  readonly createdAt: number;
  readonly devices: number;
  readonly subscription: SubscriptionView | null;
}

export interface AccountDetail extends AccountView {
  readonly timeZone: string;
  readonly members: readonly {
    readonly id: number;
    readonly name: string;
    readonly email: string;
    readonly role: Role;
    readonly hasTotp: boolean;
  }[];
  readonly deviceList: readonly DeviceView[];
  readonly subscriptions: readonly SubscriptionView[];
}

interface SubscriptionChange {
  readonly extendDays?: number | undefined;
  /** Unix ms. */
  readonly endsAt?: number | undefined;
  readonly addQuota?: number | undefined;
  readonly suspended?: boolean | undefined;
}

export interface HealthReport {
  readonly version: string;
  readonly database: Store['kind'];
  readonly schema: string;
  readonly startedAt: number;
  readonly memoryMb: number;
  readonly sandbox: boolean;
  readonly mail: boolean;
  readonly nodes: readonly {
    readonly name: string;
    readonly role: NodeRole;
    readonly version: string;
    readonly memoryMb: number;
    /** It was told to stop and hands its devices over. */
    readonly draining: boolean;
    readonly devices: number;
    readonly renewedUntil: number;
    readonly alive: boolean;
  }[];
  readonly devices: {
    readonly total: number;
    readonly enabled: number;
    readonly byState: Readonly<Record<string, number>>;
  };
  readonly troubled: readonly (DeviceView & { readonly accountId: number; readonly account: string })[];
  readonly messages: { readonly queued: number; readonly sending: number };
}

/** What the administrators of this server do with all accounts. Unknown ids: `not_found`. Each deed stands in the audit log. */
export interface Administration {
  accounts(query: {
    readonly q?: string | undefined;
    readonly limit: number;
    readonly page: number;
  }): Promise<{ readonly rows: readonly AccountView[]; readonly total: number }>;
  account(who: Signed, id: number, address: string): Promise<AccountDetail>;
  createAccount(
    who: Signed,
    given: { name: string; email: string; packageId?: number | undefined; timeZone?: string | undefined },
    address: string,
  ): Promise<{ readonly account: AccountView; readonly link: string; readonly mailed: boolean }>;
  issueLink(who: Signed, id: number, address: string): Promise<{ readonly link: string; readonly mailed: boolean }>;
  /** Throws `not_allowed` for the administrators' own account. */
  suspendAccount(who: Signed, id: number, suspended: boolean, address: string): Promise<AccountView>;
  suspendDevice(who: Signed, id: number, suspended: boolean, address: string): Promise<void>;
  assign(who: Signed, id: number, packageId: number, address: string): Promise<SubscriptionView>;
  changeSubscription(
    who: Signed,
    id: number,
    subscriptionId: number,
    change: SubscriptionChange,
    address: string,
  ): Promise<SubscriptionView>;
  health(): Promise<HealthReport>;
}

export interface AdministrationNeeds {
  readonly store: Pick<
    Store,
    | 'accounts'
    | 'devices'
    | 'packages'
    | 'subscriptions'
    | 'leases'
    | 'nodes'
    | 'histories'
    | 'kind'
    | 'version'
    | 'durable'
  >;
  readonly accounts: Pick<Accounts, 'create' | 'issueLink'>;
  readonly fleet: Pick<Fleet, 'state' | 'health' | 'isPairing' | 'refresh' | 'drop'>;
  readonly quotas: Quotas;
  readonly installation: Pick<Installation, 'settings' | 'url' | 'describe'>;
  readonly mail: Mail;
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Clock;
  /** Unix ms. */
  readonly startedAt: number;
  readonly memoryMb: () => number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MOST_TROUBLED = 100;

export function createAdministration(needs: AdministrationNeeds): Administration {
  const { store, audit, events, quotas, clock } = needs;
  const deviceView = createDeviceViews(needs);

  async function find(id: number): Promise<AccountRow> {
    const row = await store.accounts.find(id);
    if (row === undefined) throw failure('not_found', { what: 'The account' });
    return row;
  }

  async function offer(id: number) {
    const row = await store.packages.find(id);
    if (row === undefined) throw failure('not_found', { what: 'The package' });
    return row;
  }

  const view = async (row: AccountRow): Promise<AccountView> => ({
    id: row.id,
    name: row.name,
    owner: (await store.accounts.ownerOf(row.id))?.email ?? null,
    isAdmin: row.is_admin === 1,
    suspendedAt: row.suspended_at,
    createdAt: row.created_at,
    devices: (await store.devices.list(row.id)).length,
    subscription: await quotas.current(row),
  });

  /** Those that share the database; alone, this one by its leases. Those that ended longer ago than an hour are no news. */
  async function nodes(version: string): Promise<HealthReport['nodes']> {
    if (store.kind === 'postgres')
      return (await store.nodes.list())
        .filter(({ dead_for }) => dead_for < HOUR)
        .map(({ name, role, version: theirs, memory_mb, draining, devices, alive_until, dead_for }) => ({
          name,
          role,
          version: theirs,
          memoryMb: memory_mb,
          draining: draining === 1,
          devices,
          renewedUntil: alive_until,
          alive: dead_for < 0,
        }));
    return (await store.leases.nodes()).map(({ node, devices, renewed_until, alive }) => ({
      name: node,
      role: 'all',
      version,
      memoryMb: needs.memoryMb(),
      draining: false,
      devices,
      renewedUntil: renewed_until,
      alive,
    }));
  }

  const changed = (accountId: number) => events.emit('people.changed', { accountId, userId: null });

  async function hand(email: string): Promise<{ readonly link: string; readonly mailed: boolean }> {
    const link = `${needs.installation.url()}/sign-in/${await needs.accounts.issueLink(email, 'mail')}`;
    const user = await store.accounts.findUserByEmail(email);
    const { name } = await needs.installation.settings();
    return {
      link,
      mailed: await needs.mail.send(letters.signInLink(email, user?.language ?? 'id', { installation: name, link })),
    };
  }

  return {
    async accounts({ q, limit, page }) {
      const { rows, total } = await store.accounts.search(q, limit, page);
      return { rows: await Promise.all(rows.map(view)), total };
    },

    async account(who, id, address) {
      const row = await find(id);
      await audit.note({ kind: 'admin.viewed', who, accountId: id, address });
      const members = await store.accounts.members(id);
      return {
        ...(await view(row)),
        timeZone: row.time_zone,
        members: members.map((one) => ({
          id: one.id,
          name: one.name,
          email: one.email,
          role: one.role,
          hasTotp: one.totp_confirmed_at !== null,
        })),
        deviceList: (await store.devices.list(id)).map((device) => deviceView(device, false)),
        subscriptions: await quotas.list(row),
      };
    },

    async createAccount(who, { name, email, packageId, timeZone }, address) {
      const all = await store.packages.list();
      const chosen =
        packageId === undefined
          ? all.find(({ is_trial, archived_at }) => is_trial === 1 && archived_at === null)
          : await offer(packageId);
      if (chosen === undefined) throw failure('not_found', { what: 'A trial package' });
      const row = await needs.accounts.create({
        name,
        email,
        packageName: chosen.name,
        isAdmin: false,
        ...(timeZone === undefined ? {} : { timeZone }),
      });
      await audit.note({ kind: 'account.created', who, accountId: row.id, address });
      return { account: await view(row), ...(await hand(email)) };
    },

    async issueLink(who, id, address) {
      await find(id);
      const owner = await store.accounts.ownerOf(id);
      if (owner === undefined) throw failure('not_found', { what: 'The owner' });
      // With the link of a fellow administrator one would rise to that person's role.
      const isFellow = (await store.accounts.ofUser(owner.id)).some(({ is_admin }) => is_admin === 1);
      if (isFellow && who.role !== 'owner') throw failure('not_allowed');
      await audit.note({ kind: 'link.issued', who, accountId: id, subject: owner.email, address });
      return hand(owner.email);
    },

    async suspendAccount(who, id, suspended, address) {
      const before = await find(id);
      if (before.is_admin === 1) throw failure('not_allowed');
      const row = await store.accounts.update(id, {
        suspended_at: suspended ? (before.suspended_at ?? clock.now()) : null,
      });
      await audit.note({ kind: suspended ? 'account.suspended' : 'account.resumed', who, accountId: id, address });
      await store.durable();
      changed(id);
      await needs.fleet.refresh();
      return view(row ?? before);
    },

    async suspendDevice(who, id, suspended, address) {
      const device = await store.devices.findAnywhere(id);
      if (device === undefined) throw failure('not_found', { what: 'The device' });
      await store.devices.update(device.account_id, id, {
        suspended_at: suspended ? (device.suspended_at ?? clock.now()) : null,
      });
      await audit.note({
        kind: suspended ? 'device.suspended' : 'device.resumed',
        who,
        accountId: device.account_id,
        subject: `device ${id}`,
        address,
      });
      await store.durable();
      if (suspended) await needs.fleet.drop(id);
      else await needs.fleet.refresh();
      events.emit('device.changed', {
        accountId: device.account_id,
        deviceId: id,
        state: suspended ? 'suspended' : 'idle',
      });
    },

    async assign(who, id, packageId, address) {
      const account = await find(id);
      const chosen = await offer(packageId);
      const row = await store.subscriptions.assign(id, chosen, clock.now());
      await audit.note({ kind: 'quota.assigned', who, accountId: id, subject: chosen.name, address });
      await store.durable();
      changed(id);
      return quotas.view(account, row);
    },

    async changeSubscription(who, id, subscriptionId, { extendDays, endsAt, addQuota, suspended }, address) {
      const account = await find(id);
      const before = await store.subscriptions.find(id, subscriptionId);
      if (before === undefined) throw failure('not_found', { what: 'The subscription' });
      const end = endsAt ?? before.ends_at;
      const extended = extendDays === undefined ? end : Math.max(end, clock.now()) + extendDays * DAY;
      const row = await store.subscriptions.change(id, subscriptionId, {
        ends_at: Math.max(extended, before.starts_at + 1),
        ...(addQuota !== undefined && { add_quota: addQuota }),
        ...(suspended !== undefined && { suspended_at: suspended ? (before.suspended_at ?? clock.now()) : null }),
      });
      await audit.note({
        kind: 'quota.changed',
        who,
        accountId: id,
        subject: `subscription ${subscriptionId}`,
        address,
      });
      await store.durable();
      changed(id);
      return quotas.view(account, row ?? before);
    },

    async health() {
      const rows = await store.devices.listAll();
      const views = rows.map((row) => ({ ...deviceView(row, false), accountId: row.account_id, account: '' }));
      const troubled = views
        .filter(({ enabled, health, live }) => health.status !== 'ok' || (enabled && live.status !== 'connected'))
        .slice(0, MOST_TROUBLED);
      const names = new Map<number, string>();
      for (const { accountId } of troubled)
        if (!names.has(accountId)) names.set(accountId, (await store.accounts.find(accountId))?.name ?? '');
      const { version, sandbox, mail } = await needs.installation.describe();
      return {
        version,
        database: store.kind,
        schema: await store.version(),
        startedAt: needs.startedAt,
        memoryMb: needs.memoryMb(),
        sandbox,
        mail,
        nodes: await nodes(version),
        devices: {
          total: rows.length,
          enabled: rows.filter(({ enabled }) => enabled === 1).length,
          byState: countBy(views.map(({ live }) => live.status)),
        },
        troubled: troubled.map((one) => ({ ...one, account: names.get(one.accountId) ?? '' })),
        messages: await store.histories.waiting(),
      };
    },
  };
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
