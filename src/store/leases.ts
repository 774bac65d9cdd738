import { sql } from 'kysely';
import type { Context } from './context.ts';

export type Leases = ReturnType<typeof createLeases>;

/** Which node owns a device, judged by the database's clock. `ttl` in milliseconds. */
export function createLeases({ db, dialect }: Pick<Context, 'db' | 'dialect'>) {
  return {
    /**
     * The new epoch, if the lease was free, had run out, or was this node's own (a restarted node is a new owner); undefined while
     * another node holds it.
     */
    async take(device_id: number, node: string, ttl: number): Promise<number | undefined> {
      const { rows } = await sql<{ epoch: number }>`
        insert into device_lease (device_id, node, epoch, expires_at)
        values (${device_id}, ${node}, 1, ${dialect.now()} + ${ttl})
        on conflict (device_id) do update
          set node = excluded.node, epoch = device_lease.epoch + 1, expires_at = excluded.expires_at
          where device_lease.node = excluded.node or device_lease.expires_at <= ${dialect.now()}
        returning epoch`.execute(db);
      return rows[0]?.epoch;
    },

    /** Prolongs all of a node's leases in one UPDATE; gives the epochs of the devices that are still its own. */
    async renew(node: string, device_ids: readonly number[], ttl: number): Promise<Map<number, number>> {
      if (device_ids.length === 0) return new Map();
      const rows = await db
        .updateTable('device_lease')
        .set({ expires_at: sql<number>`${dialect.now()} + ${ttl}` })
        .where('node', '=', node)
        .where('device_id', 'in', device_ids)
        .where('expires_at', '>', 0)
        .returning(['device_id', 'epoch'])
        .execute();
      return new Map(rows.map(({ device_id, epoch }) => [device_id, epoch]));
    },

    /** Milliseconds until the first lease of another node ends; undefined when others hold none. */
    async nextEnd(node: string): Promise<number | undefined> {
      const { rows } = await sql<{ left: number | null }>`
        select min(expires_at) - ${dialect.now()} as "left" from device_lease
        where node <> ${node} and expires_at > ${dialect.now()}`.execute(db);
      return rows[0]?.left ?? undefined;
    },

    /** The node that keeps a device now. */
    async holder(device_id: number): Promise<string | undefined> {
      const row = await db
        .selectFrom('device_lease')
        .select('node')
        .where('device_id', '=', device_id)
        .where(sql<boolean>`expires_at > ${dialect.now()}`)
        .executeTakeFirst();
      return row?.node;
    },

    /** Every node that holds leases: how many, until when, and whether the newest still counts. */
    nodes: (): Promise<{ node: string; devices: number; renewed_until: number; alive: boolean }[]> =>
      sql<{ node: string; devices: number; renewed_until: number; now: number }>`
        select node, count(*) as devices, max(expires_at) as renewed_until, ${dialect.now()} as now
        from device_lease where expires_at > 0 group by node order by node`
        .execute(db)
        .then(({ rows }) => rows.map(({ now, ...row }) => ({ ...row, alive: row.renewed_until > now }))),

    /** What an earlier process of this name held, and could not give up, is free; whoever still writes as its owner writes nothing more. */
    async giveUpAll(node: string): Promise<void> {
      await db
        .updateTable('device_lease')
        .set((eb) => ({ expires_at: 0, epoch: eb('epoch', '+', 1) }))
        .where('node', '=', node)
        .where('expires_at', '>', 0)
        .execute();
    },

    /** Frees the lease for others at once, and ends this owner's writes; nothing when it is no longer of this epoch. */
    async giveUp(device_id: number, node: string, epoch: number): Promise<void> {
      await db
        .updateTable('device_lease')
        .set((eb) => ({ expires_at: 0, epoch: eb('epoch', '+', 1) }))
        .where('device_id', '=', device_id)
        .where('node', '=', node)
        .where('epoch', '=', epoch)
        .execute();
    },
  };
}
