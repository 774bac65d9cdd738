import { sql } from 'kysely';
import type { Context } from './context.ts';
import { isOwner, type Owner, StaleOwner } from './fence.ts';
import { about, openJson, sealJson } from './seals.ts';

export interface LiveRow {
  readonly device_id: number;
  readonly node: string;
  /** As its owner wrote it. */
  readonly live: unknown;
}

export type Lives = ReturnType<typeof createLives>;

/** What owners know of their devices at this moment, for the other nodes. Sealed: a QR code opens an account. */
export function createLives(context: Context) {
  const { db, dialect, vault, clock } = context;
  const { int, bytes } = dialect.columns;

  const read = async (query: Promise<{ device_id: number; node: string; sealed_live: Uint8Array }[]>) =>
    (await query).map(
      ({ device_id, node, sealed_live }): LiveRow => ({
        device_id,
        node,
        live: openJson(vault, sealed_live, about.live(device_id)),
      }),
    );

  return {
    /** Throws StaleOwner. */
    async put(owner: Owner, node: string, live: unknown): Promise<void> {
      const { device_id } = owner;
      const { numAffectedRows } = await sql`
        insert into device_live (device_id, node, sealed_live, changed_at)
        select cast(${device_id} as ${sql.raw(int)}), cast(${node} as text),
          cast(${sealJson(vault, live, about.live(device_id))} as ${sql.raw(bytes)}), cast(${clock.now()} as ${sql.raw(int)})
        where ${isOwner(context, owner)}
        on conflict (device_id) do update
          set node = excluded.node, sealed_live = excluded.sealed_live, changed_at = excluded.changed_at`.execute(db);
      if (numAffectedRows !== 1n) throw new StaleOwner(owner);
    },

    find: (device_ids: readonly number[]): Promise<LiveRow[]> =>
      device_ids.length === 0
        ? Promise.resolve([])
        : read(db.selectFrom('device_live').selectAll().where('device_id', 'in', device_ids).execute()),

    all: (): Promise<LiveRow[]> => read(db.selectFrom('device_live').selectAll().execute()),
  };
}
