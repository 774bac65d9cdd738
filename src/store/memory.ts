import { sql } from 'kysely';
import type { Context } from './context.ts';
import { assertOwner, isOwner, type Owner, StaleOwner } from './fence.ts';
import type { JournalEntry } from './journal.ts';
import { about, sealJson } from './seals.ts';
import { statement } from './statement.ts';
import { inTransaction, type Queries } from './transactions.ts';

/** One value of a device's Signal keys; `value: null` deletes. */
export interface KeyChange<T extends string = string> {
  readonly type: T;
  readonly id: string;
  readonly value: Uint8Array | null;
}

/** What a power failure may take back, because it is learned again: committed, and durable with the next durable write. */
const HINTS: ReadonlySet<string> = new Set(['lid-mapping', 'device-list', 'sender-key-memory']);
/** Rows of one INSERT or DELETE: four parameters each, and SQLite takes 32,766. */
const ROWS_AT_ONCE = 1_000;

export type DeviceMemory = ReturnType<typeof createMemory>;

/** What one linked device must remember to stay itself. Has the shape of `DeviceMemory` in `whatsapp/memory.ts`. */
export function createMemory(context: Context, owner: Owner) {
  const { db, vault, clock, durable } = context;
  const { device_id } = owner;
  return {
    async readCreds(): Promise<Uint8Array | undefined> {
      const row = await db
        .selectFrom('device_creds')
        .select('sealed_creds')
        .where('device_id', '=', device_id)
        .executeTakeFirst();
      return row && vault.open(row.sealed_creds, about.creds(owner));
    },

    /** Durable when it resolves. Throws StaleOwner. */
    async writeCreds(bytes: Uint8Array): Promise<void> {
      const { int, bytes: blob } = context.dialect.columns;
      const { numAffectedRows } = await sql`
        insert into device_creds (device_id, sealed_creds, updated_at)
        select cast(${device_id} as ${sql.raw(int)}), cast(${vault.seal(bytes, about.creds(owner))} as ${sql.raw(blob)}),
          cast(${clock.now()} as ${sql.raw(int)})
        where ${isOwner(context, owner)}
        on conflict (device_id) do update set sealed_creds = excluded.sealed_creds, updated_at = excluded.updated_at
      `.execute(db);
      if (numAffectedRows !== 1n) throw new StaleOwner(owner);
      await durable();
    },

    /** Values by id. Throws SealBroken for one that can not be read: that is never "missing". */
    async readKeys(type: string, ids: readonly string[]): Promise<Map<string, Uint8Array>> {
      const found = new Map<string, Uint8Array>();
      const [only] = ids;
      if (ids.length === 1 && only !== undefined) {
        const [row] = (await find(context, { device_id, type, key_id: only })).rows;
        if (row) found.set(only, vault.open(row.sealed_value, about.key(owner, type, only)));
        return found;
      }
      for (const some of slices(ids)) {
        const rows = await db
          .selectFrom('device_key')
          .select(['key_id', 'sealed_value'])
          .where('device_id', '=', device_id)
          .where('type', '=', type)
          .where('key_id', 'in', some)
          .execute();
        for (const { key_id, sealed_value } of rows)
          found.set(key_id, vault.open(sealed_value, about.key(owner, type, key_id)));
      }
      return found;
    },

    /**
     * All changes and the journal entry in one transaction, durable when it resolves (but for hints); on a throw nothing was kept. The usual
     * change, some sessions and no deletion, is a single statement. Throws StaleOwner.
     */
    async writeKeys(changes: readonly KeyChange[], journal?: JournalEntry): Promise<void> {
      // The last change of a key is the one that counts; PostgreSQL refuses one INSERT that touches a row twice.
      const last = [...new Map(changes.map((change) => [`${change.type}|${change.id}`, change])).values()];
      const kept = slices(last.filter((change): change is Kept => change.value !== null));
      const dropped = slices(last.filter(({ value }) => value === null));
      const [only] = kept;
      if (only && kept.length === 1 && dropped.length === 0 && !journal) await upsert(context, owner, only);
      else
        await inTransaction(db, async (tx) => {
          const inside = { ...context, db: tx };
          if (!only) await assertOwner(inside, owner);
          for (const rows of kept) await upsert(inside, owner, rows);
          for (const rows of dropped) await drop(tx, device_id, rows);
          if (journal) await writeJournal(inside, owner, journal);
        });
      if (journal || changes.some(({ type }) => !HINTS.has(type))) await durable();
    },

    /** The text that this very ciphertext gave when it was first decrypted, if the journal still holds it. */
    async readJournal(hash: Uint8Array): Promise<Uint8Array | undefined> {
      const row = await db
        .selectFrom('decrypt_journal')
        .select('sealed_plaintext')
        .where('device_id', '=', device_id)
        .where('hash', '=', hash)
        .executeTakeFirst();
      return row && vault.open(row.sealed_plaintext, about.journal(owner, hash));
    },
  };
}

/**
 * Forgets credentials and keys, so that the device can be paired anew. Received messages that were not surfaced yet stay.
 * Throws StaleOwner. Durable when it resolves.
 */
export async function clearMemory(context: Context, owner: Owner): Promise<void> {
  await inTransaction(context.db, async (tx) => {
    await assertOwner({ ...context, db: tx }, owner);
    await tx.deleteFrom('device_creds').where('device_id', '=', owner.device_id).execute();
    await tx.deleteFrom('device_key').where('device_id', '=', owner.device_id).execute();
    await tx
      .deleteFrom('decrypt_journal')
      .where('device_id', '=', owner.device_id)
      .where('surfaced_at', 'is not', null)
      .execute();
  });
  await context.durable();
}

const find = statement<
  { readonly device_id: number; readonly type: string; readonly key_id: string },
  { readonly sealed_value: Uint8Array }
>(({ db, value }) =>
  db
    .selectFrom('device_key')
    .select('sealed_value')
    .where('device_id', '=', value('device_id'))
    .where('type', '=', value('type'))
    .where('key_id', '=', value('key_id'))
    .compile(),
);

type Kept = KeyChange & { readonly value: Uint8Array };

/** The hottest write: fence and rows in one statement. */
async function upsert(context: Context, owner: Owner, rows: readonly Kept[]): Promise<void> {
  const values: Record<string, unknown> = { device_id: owner.device_id, epoch: owner.epoch };
  rows.forEach(({ type, id, value }, at) => {
    values[`type${at}`] = type;
    values[`id${at}`] = id;
    values[`bytes${at}`] = context.vault.seal(value, about.key(owner, type, id));
  });
  const { numAffectedRows } = await upsertOf(rows.length)(context, values);
  if (numAffectedRows !== BigInt(rows.length)) throw new StaleOwner(owner);
}

/** By their number of rows. The usual ones are kept: a session or two, the keys of a new contact, a first message to a group. */
const upserts = new Map<number, ReturnType<typeof makeUpsert>>();
const KEPT_UPSERTS = 64;

function upsertOf(rows: number) {
  const known = upserts.get(rows);
  if (known) return known;
  const made = makeUpsert(rows);
  if (rows <= KEPT_UPSERTS) upserts.set(rows, made);
  return made;
}

const makeUpsert = (rows: number) =>
  statement<Record<string, unknown>, unknown>(({ db, dialect, value }) => {
    const blob = sql.raw(dialect.columns.bytes);
    const given = Array.from(
      { length: rows },
      (_, at) =>
        sql`(cast(${value(`type${at}`)} as text), cast(${value(`id${at}`)} as text), cast(${value(`bytes${at}`)} as ${blob}))`,
    );
    return sql`
      insert into device_key (device_id, type, key_id, sealed_value)
      select own.device_id, given.column1, given.column2, given.column3
      from (select device_id from device_lease
        where device_id = ${value('device_id')} and epoch = ${value('epoch')} ${dialect.forShare}) as own,
        (values ${sql.join(given)}) as given
      where true
      on conflict (device_id, type, key_id) do update set sealed_value = excluded.sealed_value`.compile(db);
  });

async function drop(db: Queries, device_id: number, rows: readonly KeyChange[]): Promise<void> {
  const keys = sql.join(rows.map(({ type, id }) => sql`(${type}, ${id})`));
  await sql`delete from device_key where device_id = ${device_id} and (type, key_id) in (values ${keys})`.execute(db);
}

async function writeJournal({ db, vault, clock }: Context, owner: Owner, entry: JournalEntry): Promise<void> {
  await db
    .insertInto('decrypt_journal')
    .values({
      device_id: owner.device_id,
      hash: entry.hash,
      sealed_plaintext: vault.seal(entry.plaintext, about.journal(owner, entry.hash)),
      sealed_envelope:
        entry.envelope === undefined ? null : sealJson(vault, entry.envelope, about.envelope(owner, entry.hash)),
      envelope: null,
      created_at: clock.now(),
      surfaced_at: null,
    })
    .onConflict((conflict) => conflict.columns(['device_id', 'hash']).doNothing())
    .execute();
}

function slices<T>(items: readonly T[]): T[][] {
  const slices: T[][] = [];
  for (let at = 0; at < items.length; at += ROWS_AT_ONCE) slices.push(items.slice(at, at + ROWS_AT_ONCE));
  return slices;
}
