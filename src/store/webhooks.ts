import { type Selectable, sql, type Updateable } from 'kysely';
import type { Context } from './context.ts';
import type { WebhookTable } from './inbox-schema.ts';
import { about } from './seals.ts';

/** `secrets`: the one that counts first; during a rotation also the one before. */
export type WebhookRow = Omit<Selectable<WebhookTable>, 'sealed_secret' | 'sealed_old_secret' | 'events'> & {
  readonly events: readonly string[];
  readonly secret: string;
  readonly old_secret: string | null;
};

export interface NewWebhook {
  readonly url: string;
  readonly description: string;
  readonly events: readonly string[];
  readonly format: 'standard' | 'legacy';
  readonly secret: string;
}

export type WebhookPatch = Partial<
  Pick<Updateable<WebhookTable>, 'url' | 'description' | 'format' | 'enabled' | 'paused_at' | 'pause_reason'>
> & { readonly events?: readonly string[]; readonly failing_since?: null };

export type Webhooks = ReturnType<typeof createWebhooks>;

/** Whom a device's events are told to. */
export function createWebhooks(context: Context) {
  const { db, vault, clock, dialect } = context;
  const seal = (device: { account_id: number; device_id: number }, secret: string) =>
    vault.seal(Buffer.from(secret), about.webhook(device));
  const open = ({ sealed_secret, sealed_old_secret, events, ...row }: Selectable<WebhookTable>): WebhookRow => ({
    ...row,
    events: JSON.parse(events) as string[],
    secret: vault.open(sealed_secret, about.webhook(row)).toString(),
    old_secret: sealed_old_secret && vault.open(sealed_old_secret, about.webhook(row)).toString(),
  });
  const own = (account_id: number, device_id: number) =>
    db.selectFrom('webhook').selectAll().where('device_id', '=', device_id).where('account_id', '=', account_id);
  const change = (account_id: number, device_id: number, id: number) =>
    db
      .updateTable('webhook')
      .where('id', '=', id)
      .where('device_id', '=', device_id)
      .where('account_id', '=', account_id);

  return {
    async create(account_id: number, device_id: number, { events, secret, ...given }: NewWebhook): Promise<WebhookRow> {
      const row = await db
        .insertInto('webhook')
        .values({
          ...given,
          account_id,
          device_id,
          events: JSON.stringify(events),
          enabled: 1,
          sealed_secret: seal({ account_id, device_id }, secret),
          lease_until: 0,
          created_at: clock.now(),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      return open(row);
    },

    async list(account_id: number, device_id: number): Promise<WebhookRow[]> {
      return (await own(account_id, device_id).orderBy('id').execute()).map(open);
    },

    async find(account_id: number, device_id: number, id: number): Promise<WebhookRow | undefined> {
      const row = await own(account_id, device_id).where('id', '=', id).executeTakeFirst();
      return row && open(row);
    },

    async update(
      account_id: number,
      device_id: number,
      id: number,
      { events, ...patch }: WebhookPatch,
    ): Promise<WebhookRow | undefined> {
      const row = await change(account_id, device_id, id)
        .set({ ...patch, ...(events && { events: JSON.stringify(events) }) })
        .returningAll()
        .executeTakeFirst();
      return row && open(row);
    },

    /** The secret before signs too until then, Unix ms. */
    async rotate(
      account_id: number,
      device_id: number,
      id: number,
      secret: string,
      until: number,
    ): Promise<WebhookRow | undefined> {
      const row = await change(account_id, device_id, id)
        .set((eb) => ({
          sealed_secret: seal({ account_id, device_id }, secret),
          sealed_old_secret: eb.ref('sealed_secret'),
          old_secret_until: until,
        }))
        .returningAll()
        .executeTakeFirst();
      return row && open(row);
    },

    async remove(account_id: number, device_id: number, id: number): Promise<boolean> {
      const row = await db
        .deleteFrom('webhook')
        .where('id', '=', id)
        .where('device_id', '=', device_id)
        .where('account_id', '=', account_id)
        .returning('id')
        .executeTakeFirst();
      return row !== undefined;
    },

    /** For the worker: endpoints of all tenants that something can be delivered to now. */
    async withWork(now: number): Promise<number[]> {
      const { rows } = await sql<{ id: number }>`
        select id from webhook where enabled = 1 and paused_at is null and exists (
          select 1 from delivery where delivery.webhook_id = webhook.id and state = 'pending' and due_at <= ${now})
        order by id`.execute(db);
      return rows.map(({ id }) => id);
    },

    /** For the worker. */
    async get(id: number): Promise<WebhookRow | undefined> {
      const row = await db.selectFrom('webhook').selectAll().where('id', '=', id).executeTakeFirst();
      return row && open(row);
    },

    /** For the worker: this node delivers to it for `ttl` ms more. False when another one that lives does, or it is off. */
    async lease(id: number, node: string, ttl: number): Promise<boolean> {
      const { rows } = await sql`
        update webhook set lease_node = ${node}, lease_until = ${dialect.now()} + ${ttl}
        where id = ${id} and enabled = 1 and paused_at is null
          and (lease_node is null or lease_node = ${node} or lease_until <= ${dialect.now()}
            or not exists (select 1 from node where node.name = lease_node and node.alive_until > ${dialect.now()}))
        returning id`.execute(db);
      return rows.length > 0;
    },

    /** For the worker: this node delivers to none any more. */
    async giveUpAll(node: string): Promise<void> {
      await db
        .updateTable('webhook')
        .set({ lease_until: 0 })
        .where('lease_node', '=', node)
        .where('lease_until', '>', 0)
        .execute();
    },

    /** For the worker. Nothing succeeded since `at`; gives since when. */
    async failing(id: number, at: number): Promise<number> {
      const row = await db
        .updateTable('webhook')
        .set({ failing_since: sql`coalesce(failing_since, ${at})` })
        .where('id', '=', id)
        .returning('failing_since')
        .executeTakeFirst();
      return row?.failing_since ?? at;
    },

    /** For the worker; written at most once a minute while all goes well. */
    async succeeded(id: number, at: number): Promise<void> {
      await db
        .updateTable('webhook')
        .set({ failing_since: null, last_success_at: at })
        .where('id', '=', id)
        .where((eb) =>
          eb.or([
            eb('failing_since', 'is not', null),
            eb('last_success_at', 'is', null),
            eb('last_success_at', '<', at - 60_000),
          ]),
        )
        .execute();
    },

    /** For the worker. False when it was paused before. */
    async pause(id: number, at: number, reason: string): Promise<boolean> {
      const row = await db
        .updateTable('webhook')
        .set({ paused_at: at, pause_reason: reason })
        .where('id', '=', id)
        .where('paused_at', 'is', null)
        .returning('id')
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}
