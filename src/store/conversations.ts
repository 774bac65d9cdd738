import { sql } from 'kysely';
import type { Context } from './context.ts';
import { isOwner, type Owner, ownerOf } from './fence.ts';
import { statement } from './statement.ts';

const find = statement<
  { readonly device_id: number; readonly peer: string; readonly since: number },
  { readonly opened_at: number }
>(({ db, value }) =>
  db
    .selectFrom('conversation')
    .select('opened_at')
    .where('device_id', '=', value('device_id'))
    .where('peer', '=', value('peer'))
    .where('opened_at', '>=', value('since'))
    .compile(),
);

/** Of somebody who was erased only a hash is left; one statement asks for both, since it goes with every message. */
const refusal = statement<
  { readonly device_id: number; readonly peer: string; readonly person_hash: Uint8Array },
  { readonly one: number }
>(({ db, value }) =>
  sql<{ one: number }>`
    select 1 as one from conversation
    where device_id = ${value('device_id')} and peer = ${value('peer')} and opted_out_at is not null
    union all
    select 1 as one from opt_out
    where device_id = ${value('device_id')} and person_hash = ${value('person_hash')}
    limit 1`.compile(db),
);

const begin = statement<
  Owner & {
    readonly peer: string;
    readonly opened_by: 'us' | 'them';
    readonly opened_at: number;
    readonly since: number;
  },
  { readonly one: number }
>(({ db, dialect, value }) =>
  sql<{ one: number }>`
    insert into conversation (device_id, peer, opened_by, opened_at)
    select device.id, cast(${value('peer')} as text), cast(${value('opened_by')} as text), ${value('opened_at')}
    from device where device.id = ${value('device_id')} and ${isOwner({ dialect }, ownerOf(value))}
    on conflict (device_id, peer) do update set opened_by = excluded.opened_by, opened_at = excluded.opened_at
    where conversation.opened_at < ${value('since')}
    returning 1 as one`.compile(db),
);

export type Conversations = ReturnType<typeof createConversations>;

/**
 * Whom a device has talked with. `peer` is a recipient as `message.recipient` has it: digits, or the JID of a person whose number is
 * hidden. WhatsApp counts first messages to strangers; answers are free. `since` (Unix ms): what was opened before is another number's.
 */
export function createConversations(context: Pick<Context, 'db' | 'dialect' | 'vault'>) {
  const { db, vault } = context;
  return {
    async isKnown(device_id: number, peer: string, since = 0): Promise<boolean> {
      return (await find(context, { device_id, peer, since })).rows.length > 0;
    },

    /** Wants no more messages. */
    async isOptedOut(device_id: number, peer: string): Promise<boolean> {
      const { rows } = await refusal(context, { device_id, peer, person_hash: vault.blind(peer) });
      return rows.length > 0;
    },

    /** Remembers who began it, once; true, when it is now. Nothing when the lease is another's. */
    async open(owner: Owner, peer: string, opened_by: 'us' | 'them', opened_at: number, since = 0): Promise<boolean> {
      return (await begin(context, { ...owner, peer, opened_by, opened_at, since })).rows.length > 0;
    },

    /** This person wants no more messages, or (null) does again. Nothing when the lease is another's. */
    async optOut(owner: Owner, peer: string, at: number | null, now: number): Promise<void> {
      const { int } = context.dialect.columns;
      // Who takes back what they never said opens a conversation as anybody does, so that what waited for that is looked at.
      if (at === null)
        await sql`
          update conversation set opted_out_at = null
          where device_id = ${owner.device_id} and peer = ${peer} and ${isOwner(context, owner)}`.execute(db);
      else
        await sql`
          insert into conversation (device_id, peer, opened_by, opened_at, opted_out_at)
          select device.id, cast(${peer} as text), 'them', ${now}, cast(${at} as ${sql.raw(int)})
          from device where device.id = ${owner.device_id} and ${isOwner(context, owner)}
          on conflict (device_id, peer) do update set opted_out_at = excluded.opted_out_at`.execute(db);
      // Of somebody who was erased: what they say now counts.
      await sql`
        delete from opt_out where device_id = ${owner.device_id} and person_hash = ${vault.blind(peer)}
          and ${isOwner(context, owner)}`.execute(db);
    },

    /** Of these peers, those who want no more messages. */
    async optedOut(device_id: number, peers: readonly string[]): Promise<Set<string>> {
      if (peers.length === 0) return new Set();
      const rows = await db
        .selectFrom('conversation')
        .select('peer')
        .where('device_id', '=', device_id)
        .where('peer', 'in', peers)
        .where('opted_out_at', 'is not', null)
        .execute();
      // Those who were erased are known by a hash.
      const hashes = new Map(peers.map((peer) => [vault.blind(peer).toString('hex'), peer]));
      const erased = await db
        .selectFrom('opt_out')
        .select('person_hash')
        .where('device_id', '=', device_id)
        .where(
          'person_hash',
          'in',
          [...hashes.keys()].map((hex) => Buffer.from(hex, 'hex')),
        )
        .execute();
      const known = erased.flatMap(({ person_hash }) => hashes.get(Buffer.from(person_hash).toString('hex')) ?? []);
      return new Set([...rows.map(({ peer }) => peer), ...known]);
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
