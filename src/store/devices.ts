import { type Selectable, sql, type Updateable } from 'kysely';
import type { AccountRow } from './accounts.ts';
import type { Context } from './context.ts';
import { cancelQueued } from './ending.ts';
import { fenced, isOwner, type Owner } from './fence.ts';
import { isEmpty } from './patches.ts';
import type { DeviceKind, DeviceTable, Flag } from './schema.ts';
import { inTransaction } from './transactions.ts';

export type DeviceRow = Selectable<DeviceTable>;
export interface NewDevice {
  readonly name: string;
  readonly kind: DeviceKind;
  readonly default_country: string;
  /** Whether the fleet shall keep it connected from now on. */
  readonly enabled: Flag;
}
/** What may be changed; the token has its own call. */
export type DevicePatch = Pick<
  Updateable<DeviceTable>,
  | 'name'
  | 'phone'
  | 'lid'
  | 'push_name'
  | 'default_country'
  | 'settings'
  | 'enabled'
  | 'state'
  | 'state_reason'
  | 'connected_at'
  | 'last_seen'
  | 'linked_at'
  | 'number_since'
  | 'phone_seen_at'
  | 'time_lock_until'
  | 'suspended_at'
>;
export interface NewToken {
  readonly hash: Uint8Array;
  readonly prefix: string;
  readonly last4: string;
}
export interface TokenBearer {
  readonly device: DeviceRow;
  readonly account: AccountRow;
}

const TOUCH_EVERY_MS = 60_000;

export type Devices = ReturnType<typeof createDevices>;

/** A deleted device is found by none of these calls. */
export function createDevices(context: Context) {
  const { db, dialect, clock } = context;
  const alive = (account_id: number) =>
    db.selectFrom('device').selectAll().where('account_id', '=', account_id).where('deleted_at', 'is', null);
  const wanted = () =>
    db
      .selectFrom('device')
      .innerJoin('account', 'account.id', 'device.account_id')
      .where('device.enabled', '=', 1)
      .where('device.deleted_at', 'is', null)
      .where('device.suspended_at', 'is', null)
      .where('account.suspended_at', 'is', null);
  return {
    /**
     * Undefined when the account has `device_limit` devices of that kind already: a sandbox device costs nobody a WhatsApp device. Parallel
     * calls can not pass the limit together.
     */
    create(account_id: number, device: NewDevice, device_limit: number): Promise<DeviceRow | undefined> {
      return inTransaction(db, async (tx) => {
        await sql`select id from account where id = ${account_id} ${dialect.forUpdate}`.execute(tx);
        const { count } = await tx
          .selectFrom('device')
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .where('account_id', '=', account_id)
          .where('kind', '=', device.kind)
          .where('deleted_at', 'is', null)
          .executeTakeFirstOrThrow();
        if (count >= device_limit) return undefined;
        return tx
          .insertInto('device')
          .values({ ...device, account_id, settings: '{}', state: 'disconnected', created_at: clock.now() })
          .returningAll()
          .executeTakeFirstOrThrow();
      });
    },

    find: (account_id: number, id: number): Promise<DeviceRow | undefined> =>
      alive(account_id).where('id', '=', id).executeTakeFirst(),

    /** The deleted ones, too: their history stays. */
    listEver: (account_id: number): Promise<DeviceRow[]> =>
      db.selectFrom('device').selectAll().where('account_id', '=', account_id).orderBy('id').execute(),

    /** For administrators: of whichever tenant. */
    findAnywhere: (id: number): Promise<DeviceRow | undefined> =>
      db.selectFrom('device').selectAll().where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst(),

    /** For administrators: of all tenants, those that are not deleted. */
    listAll: (): Promise<DeviceRow[]> =>
      db.selectFrom('device').selectAll().where('deleted_at', 'is', null).orderBy('id').execute(),

    list: (account_id: number): Promise<DeviceRow[]> => alive(account_id).orderBy('id').execute(),

    /** The row as it is now; undefined when there is none. */
    update: (account_id: number, id: number, patch: DevicePatch): Promise<DeviceRow | undefined> =>
      isEmpty(patch)
        ? alive(account_id).where('id', '=', id).executeTakeFirst()
        : db
            .updateTable('device')
            .set(patch)
            .where('account_id', '=', account_id)
            .where('id', '=', id)
            .where('deleted_at', 'is', null)
            .returningAll()
            .executeTakeFirst(),

    /** As its owner. Undefined when it is gone; throws StaleOwner. */
    async updateAs(owner: Owner, patch: DevicePatch): Promise<DeviceRow | undefined> {
      const rows = await db
        .updateTable('device')
        .set(patch)
        .where('account_id', '=', owner.account_id)
        .where('id', '=', owner.device_id)
        .where('deleted_at', 'is', null)
        .where(isOwner(context, owner))
        .returningAll()
        .execute();
      return (await fenced(context, owner, rows))[0];
    },

    /** The device's one token; the one before is dead when this resolves. Undefined when there is no such device. */
    setToken: (account_id: number, id: number, token: NewToken): Promise<DeviceRow | undefined> =>
      db
        .updateTable('device')
        .set({
          token_hash: token.hash,
          token_prefix: token.prefix,
          token_last4: token.last4,
          token_created_at: clock.now(),
          token_used_at: null,
        })
        .where('account_id', '=', account_id)
        .where('id', '=', id)
        .where('deleted_at', 'is', null)
        .returningAll()
        .executeTakeFirst(),

    /** The only call without a tenant: the token is the tenant. Suspended devices and accounts are found too. */
    async findByToken(hash: Uint8Array): Promise<TokenBearer | undefined> {
      const device = await db.selectFrom('device').selectAll().where('token_hash', '=', hash).executeTakeFirst();
      if (!device) return undefined;
      const account = await db
        .selectFrom('account')
        .selectAll()
        .where('id', '=', device.account_id)
        .executeTakeFirstOrThrow();
      return { device, account };
    },

    /** Remembers that the token was used, at most once a minute for each device. `device` is the row that `findByToken` gave. */
    async touchToken(device: Pick<DeviceRow, 'id' | 'token_used_at'>): Promise<void> {
      const now = clock.now();
      if (device.token_used_at !== null && device.token_used_at > now - TOUCH_EVERY_MS) return;
      await db
        .updateTable('device')
        .set({ token_used_at: now })
        .where('id', '=', device.id)
        .where('token_hash', 'is not', null)
        .where((eb) => eb.or([eb('token_used_at', 'is', null), eb('token_used_at', '<=', now - TOUCH_EVERY_MS)]))
        .execute();
    },

    /** For the fleet: what shall be connected, of all tenants. Neither suspended devices nor those of suspended accounts. */
    listEnabled: (): Promise<DeviceRow[]> => wanted().selectAll('device').orderBy('device.id').execute(),

    /** How many those are, by kind. */
    async countEnabled(): Promise<Readonly<Record<DeviceKind, number>>> {
      const rows = await wanted()
        .select(['device.kind', (eb) => eb.fn.countAll<number>().as('count')])
        .groupBy('device.kind')
        .execute();
      const count = (kind: DeviceKind) => rows.find((row) => row.kind === kind)?.count ?? 0;
      return { whatsapp: count('whatsapp'), sandbox: count('sandbox') };
    },

    /** Those that no node keeps now. */
    listFree: (kinds: readonly DeviceKind[], limit: number): Promise<DeviceRow[]> =>
      wanted()
        .leftJoin('device_lease', 'device_lease.device_id', 'device.id')
        .selectAll('device')
        .where('device.kind', 'in', kinds)
        .where(sql<boolean>`(device_lease.expires_at is null or device_lease.expires_at <= ${dialect.now()})`)
        .orderBy('device.id')
        .limit(limit)
        .execute(),

    /** The row as it is now, when the device shall be connected. */
    findWanted: (id: number): Promise<DeviceRow | undefined> =>
      wanted().selectAll('device').where('device.id', '=', id).executeTakeFirst(),

    /** Of these, those that shall be connected. */
    async stillWanted(ids: readonly number[]): Promise<ReadonlySet<number>> {
      if (ids.length === 0) return new Set();
      const rows = await wanted().select('device.id').where('device.id', 'in', ids).execute();
      return new Set(rows.map(({ id }) => id));
    },

    /** Those that remember keys: they are linked, or were. */
    listLinked: (): Promise<Pick<DeviceRow, 'id' | 'account_id'>[]> =>
      db
        .selectFrom('device')
        .innerJoin('device_creds', 'device_creds.device_id', 'device.id')
        .select(['device.id', 'device.account_id'])
        .orderBy('device.id')
        .execute(),

    /** The ids of a type of its keys: for what looks at all of them, as a restore does. */
    async listKeys(account_id: number, id: number, type: string): Promise<string[]> {
      const rows = await db
        .selectFrom('device_key')
        .innerJoin('device', 'device.id', 'device_key.device_id')
        .select('key_id')
        .where('device.account_id', '=', account_id)
        .where('device_id', '=', id)
        .where('type', '=', type)
        .orderBy('key_id')
        .execute();
      return rows.map(({ key_id }) => key_id);
    },

    /**
     * Deletes it for people: keys, credentials and token are gone, its owner's writes are refused, what was queued is cancelled and
     * gives its quota back. The history stays. False when there is no such device.
     */
    remove(account_id: number, id: number): Promise<boolean> {
      return inTransaction(db, async (tx) => {
        const now = clock.now();
        // The lease first, as every write of an owner takes it: the same order everywhere, so that no two wait for each other.
        await tx
          .updateTable('device_lease')
          .set((eb) => ({ epoch: eb('epoch', '+', 1), expires_at: 0 }))
          .where('device_id', 'in', (eb) =>
            eb.selectFrom('device').select('id').where('account_id', '=', account_id).where('id', '=', id),
          )
          .execute();
        const device = await tx
          .updateTable('device')
          .set({ enabled: 0, state: 'disconnected' })
          .where('account_id', '=', account_id)
          .where('id', '=', id)
          .where('deleted_at', 'is', null)
          .returning('id')
          .executeTakeFirst();
        if (!device) return false;
        for (const table of ['device_key', 'device_creds', 'decrypt_journal'] as const)
          await tx.deleteFrom(table).where('device_id', '=', id).execute();
        await cancelQueued(tx, { account_id, device_id: id }, now);
        // Last: a key of the row is locked by it against whoever accepts a message, and has the quota that is given back above.
        await tx
          .updateTable('device')
          .set({ deleted_at: now, token_hash: null, token_prefix: null, token_last4: null })
          .where('id', '=', id)
          .execute();
        return true;
      });
    },
  };
}
