import { randomBytes } from 'node:crypto';
import type {
  AccountRow,
  DeviceRow,
  MessageRow,
  NewMessage,
  Owner,
  Store,
  StoreTx,
  SubscriptionRow,
} from '../../src/store/index.ts';

export interface Tenant {
  readonly account: AccountRow;
  readonly subscription: SubscriptionRow;
  readonly device: DeviceRow;
  readonly owner: Owner;
}

/** An account with a running subscription, a device and its lease. */
export async function createTenant(store: Store, { quota = 1_000 }: { quota?: number } = {}): Promise<Tenant> {
  const name = randomBytes(4).toString('hex');
  const offered = await store.packages.create({
    name,
    message_quota: quota,
    device_limit: 3,
    days: 30,
    price_idr: 0,
    is_trial: 1,
    rate_limit_per_minute: null,
  });
  const { account } = await store.accounts.create({
    name,
    time_zone: 'Asia/Jakarta',
    language: 'id',
    is_admin: 0,
    owner: { name: 'Owner', email: `${name}@example.com` },
    package_id: offered.id,
  });
  const subscription = present(await store.subscriptions.current(account.id, store.now()));
  const device = present(
    await store.devices.create(account.id, { name: 'Phone', kind: 'whatsapp', default_country: '62', enabled: 1 }, 3),
  );
  const epoch = present(await store.leases.take(device.id, 'node-1', 60_000));
  return { account, subscription, device, owner: { account_id: account.id, device_id: device.id, epoch } };
}

export function message(tenant: Tenant, more: Partial<NewMessage> = {}): NewMessage {
  const recipient = more.recipient ?? '6281234567890';
  const now = Date.now();
  return {
    account_id: tenant.account.id,
    device_id: tenant.device.id,
    subscription_id: tenant.subscription.id,
    whatsapp_id: `3EB0${randomBytes(9).toString('hex').toUpperCase()}`,
    recipient,
    chat: `${recipient}@s.whatsapp.net`,
    type: 'text',
    body: { text: 'Halo' },
    created_at: now,
    expires_at: now + 86_400_000,
    ...more,
  };
}

/** As the gateway does it: reserve and insert in one transaction. */
export function accept(store: Store, tenant: Tenant, more: Partial<NewMessage> = {}): Promise<MessageRow> {
  return store.transaction(async (tx: StoreTx) => {
    if (!(await tx.subscriptions.reserve(tenant.account.id, tenant.subscription.id))) throw new Error('no quota');
    return tx.messages.insert(message(tenant, more));
  });
}

/** From the queue into `sending`. */
export async function send(store: Store, { owner }: Tenant, row: MessageRow, now = Date.now()): Promise<MessageRow> {
  const frozen = { proto: Buffer.from(`proto of ${row.id}`), type: row.type, chat: row.chat, now };
  return present(await store.messages.markSending(owner, row.id, frozen));
}

export const used = async (store: Store, { account }: Tenant): Promise<number> =>
  present(await store.subscriptions.current(account.id, Date.now())).used;

export function present<T>(value: T | undefined | null): T {
  if (value === undefined || value === null) throw new Error('expected a value');
  return value;
}
