import { sql } from 'kysely';
import type { Context } from './context.ts';
import { isOwner, type Owner } from './fence.ts';

export type Conversations = ReturnType<typeof createConversations>;

/**
 * Whom a device has talked with. `peer` is a recipient as `message.recipient` has it: digits, or the JID of a person whose number is
 * hidden. WhatsApp counts first messages to strangers; answers are free.
 */
export function createConversations(context: Pick<Context, 'db' | 'dialect'>) {
  const { db } = context;
  return {
    async isKnown(device_id: number, peer: string): Promise<boolean> {
      const row = await db
        .selectFrom('conversation')
        .select('peer')
        .where('device_id', '=', device_id)
        .where('peer', '=', peer)
        .executeTakeFirst();
      return row !== undefined;
    },

    /** Remembers who began it, once. Nothing when the lease is another's. */
    async open(owner: Owner, peer: string, opened_by: 'us' | 'them', opened_at: number): Promise<void> {
      await sql`
        insert into conversation (device_id, peer, opened_by, opened_at)
        select device.id, cast(${peer} as text), cast(${opened_by} as text), ${opened_at}
        from device where device.id = ${owner.device_id} and ${isOwner(context, owner)}
        on conflict (device_id, peer) do nothing`.execute(db);
    },

    /** How many the device began since then, Unix ms. */
    async countOpened(device_id: number, since: number): Promise<number> {
      const { count } = await db
        .selectFrom('conversation')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('device_id', '=', device_id)
        .where('opened_by', '=', 'us')
        .where('opened_at', '>=', since)
        .executeTakeFirstOrThrow();
      return count;
    },
  };
}
