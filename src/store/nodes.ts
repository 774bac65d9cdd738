import { type Selectable, sql } from 'kysely';
import type { Context } from './context.ts';
import type { NodeTable } from './schema.ts';

export type NodeRow = Selectable<NodeTable> & {
  /** Milliseconds since it was last known to live; 0 or less while it does. */
  readonly dead_for: number;
};

export type Beat = Omit<Selectable<NodeTable>, 'alive_until' | 'started_at'>;

export type Nodes = ReturnType<typeof createNodes>;

/** The nodes that share this database, judged by its clock. Times in milliseconds. */
export function createNodes({ db, dialect }: Pick<Context, 'db' | 'dialect'>) {
  return {
    /** A process begins its life under a name; whoever had the name before finds it gone. */
    async begin({ life, ...beat }: Beat, ttl: number): Promise<void> {
      await sql`
        insert into node (name, life, role, version, draining, devices, memory_mb, started_at, alive_until)
        values (${beat.name}, ${life}, ${beat.role}, ${beat.version}, ${beat.draining}, ${beat.devices}, ${beat.memory_mb},
          ${dialect.now()}, ${dialect.now()} + ${ttl})
        on conflict (name) do update set life = excluded.life, role = excluded.role, version = excluded.version,
          draining = excluded.draining, devices = excluded.devices, memory_mb = excluded.memory_mb,
          started_at = excluded.started_at, alive_until = excluded.alive_until`.execute(db);
    },

    /** It lives on. False: another process has its name now. */
    async beat({ name, life, draining, devices, memory_mb }: Beat, ttl: number): Promise<boolean> {
      const { rows } = await sql`
        update node set draining = ${draining}, devices = ${devices}, memory_mb = ${memory_mb},
          alive_until = ${dialect.now()} + ${ttl}
        where name = ${name} and life = ${life} returning name`.execute(db);
      return rows.length > 0;
    },

    /** It ends by itself: nobody waits for it. */
    async end(name: string, life: string): Promise<void> {
      await sql`update node set alive_until = ${dialect.now()}, draining = 1, devices = 0
        where name = ${name} and life = ${life}`.execute(db);
    },

    list: (): Promise<NodeRow[]> =>
      sql<NodeRow>`select node.*, ${dialect.now()} - alive_until as dead_for from node order by name`
        .execute(db)
        .then(({ rows }) => rows),

    /** Forgets those that ended longer ago than `ms`. */
    async prune(ms: number): Promise<void> {
      await sql`delete from node where alive_until < ${dialect.now()} - ${ms}`.execute(db);
    },

    /** Takes, or keeps, what one node at a time does. False while another has it. */
    async takeDuty(name: string, node: string, ttl: number): Promise<boolean> {
      const { rows } = await sql`
        insert into duty (name, node, expires_at) values (${name}, ${node}, ${dialect.now()} + ${ttl})
        on conflict (name) do update set node = excluded.node, expires_at = excluded.expires_at
          where duty.node = excluded.node or duty.expires_at <= ${dialect.now()}
        returning name`.execute(db);
      return rows.length > 0;
    },

    async leaveDuty(name: string, node: string): Promise<void> {
      await db.updateTable('duty').set({ expires_at: 0 }).where('name', '=', name).where('node', '=', node).execute();
    },
  };
}
