import { type RawBuilder, sql } from 'kysely';
import type { Context } from './context.ts';
import { retireOlder } from './keyring.ts';
import { about } from './seals.ts';
import { inTransaction } from './transactions.ts';

interface Row {
  readonly account_id: number;
  readonly device_id: number;
  readonly hash: Uint8Array;
  readonly [column: string]: unknown;
}

/** Where sealed values live. A test holds this list against the columns of the database: none is forgotten. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** The primary key. */
  readonly key: readonly string[];
  readonly about: (row: Row) => string;
  /** The tenant is known only by the device. */
  readonly byDevice?: true;
}

const text = (value: unknown) => String(value);

export const sealedColumns: readonly SealedColumn[] = [
  { table: 'device_creds', column: 'sealed_creds', key: ['device_id'], about: about.creds, byDevice: true },
  {
    table: 'device_key',
    column: 'sealed_value',
    key: ['device_id', 'type', 'key_id'],
    about: (row) => about.key(row, text(row.type), text(row.key_id)),
    byDevice: true,
  },
  {
    table: 'decrypt_journal',
    column: 'sealed_plaintext',
    key: ['id'],
    about: (row) => about.journal(row, row.hash),
    byDevice: true,
  },
  {
    table: 'decrypt_journal',
    column: 'sealed_envelope',
    key: ['id'],
    about: (row) => about.envelope(row, row.hash),
    byDevice: true,
  },
  { table: 'message', column: 'sealed_body', key: ['id'], about: (row) => about.body(row, text(row.whatsapp_id)) },
  {
    table: 'message_proto',
    column: 'sealed_proto',
    key: ['message_id'],
    about: (row) => about.proto(row, text(row.whatsapp_id)),
    byDevice: true,
  },
  {
    table: 'inbox',
    column: 'sealed_body',
    key: ['id'],
    about: (row) => about.inbox(row, text(row.sender), text(row.whatsapp_id)),
  },
  {
    table: 'inbox',
    column: 'sealed_proto',
    key: ['id'],
    about: (row) => about.received(row, text(row.sender), text(row.whatsapp_id)),
  },
  { table: 'event', column: 'sealed_payload', key: ['id'], about: (row) => about.event(row, text(row.uid)) },
  { table: 'webhook', column: 'sealed_secret', key: ['id'], about: about.webhook },
  { table: 'webhook', column: 'sealed_old_secret', key: ['id'], about: about.webhook },
  { table: 'delivery', column: 'sealed_answer', key: ['id'], about: (row) => about.answer(Number(row.id)) },
  { table: 'user', column: 'sealed_totp', key: ['id'], about: (row) => about.totp(Number(row.id)) },
  {
    table: 'idempotency',
    column: 'sealed_answer',
    key: ['device_id', 'key'],
    about: (row) => about.replay(row.device_id, text(row.key)),
  },
  { table: 'device_live', column: 'sealed_live', key: ['device_id'], about: (row) => about.live(row.device_id) },
  { table: 'node_call', column: 'sealed_request', key: ['id'], about: (row) => about.call(text(row.id), 'request') },
  { table: 'node_call', column: 'sealed_answer', key: ['id'], about: (row) => about.call(text(row.id), 'answer') },
];

/** Small, so that a gateway at work beside it waits for no more than a few milliseconds. */
const AT_ONCE = 200;

export type Resealing = ReturnType<typeof createResealing>;

/**
 * Seals anew, with the key of now, what an older master key sealed. A value that its owner writes meanwhile is left alone: it is replaced
 * only where it is still the one that was read. Ended in the middle, it goes on where values of the older key are left.
 */
export function createResealing(context: Context) {
  const { db, vault, clock } = context;
  // The second byte of a value is the version of its key.
  const isOlder = ({ column }: SealedColumn) =>
    sql`${sql.ref(column)} is not null and substr(${sql.ref(column)}, 2, 1) <> ${Buffer.of(vault.keyVersion)}`;

  async function some(place: SealedColumn, after: readonly unknown[] | undefined): Promise<Row[]> {
    const key = sql.join(place.key.map((name) => sql.ref(name)));
    const account: RawBuilder<unknown> = place.byDevice
      ? sql`, (select account_id from device where device.id = ${sql.ref(`${place.table}.device_id`)}) as account_id`
      : sql``;
    const { rows } = await sql<Row>`
      select ${sql.table(place.table)}.* ${account} from ${sql.table(place.table)}
      where ${isOlder(place)} ${after === undefined ? sql`` : sql`and (${key}) > (${sql.join(after)})`}
      order by ${key} limit ${AT_ONCE}`.execute(db);
    return rows;
  }

  async function resealed(place: SealedColumn, rows: readonly Row[]): Promise<void> {
    const column = sql.ref(place.column);
    await inTransaction(db, async (tx) => {
      for (const row of rows) {
        const sealed = row[place.column] as Uint8Array;
        const where = place.about(row);
        const is = sql.join(
          place.key.map((name) => sql`${sql.ref(name)} = ${row[name]}`),
          sql` and `,
        );
        await sql`
          update ${sql.table(place.table)} set ${column} = ${vault.seal(vault.open(sealed, where), where)}
          where ${is} and ${column} = ${sealed}`.execute(tx);
      }
    });
  }

  return {
    /** Gives how many values it sealed; tells of each step. Throws SealBroken at a value that does not open. */
    async reseal(tell: (step: { readonly table: string; readonly sealed: number }) => void): Promise<number> {
      let sealed = 0;
      for (const place of sealedColumns) {
        let after: unknown[] | undefined;
        for (;;) {
          const rows = await some(place, after);
          const last = rows.at(-1);
          if (last === undefined) break;
          await resealed(place, rows);
          sealed += rows.length;
          after = place.key.map((name) => last[name]);
          tell({ table: place.table, sealed });
        }
      }
      return sealed;
    },

    /** Values that an older key sealed. */
    async left(): Promise<number> {
      let left = 0;
      for (const place of sealedColumns) {
        const { rows } = await sql<{ count: number }>`
          select count(*) as count from ${sql.table(place.table)} where ${isOlder(place)}`.execute(db);
        left += rows[0]?.count ?? 0;
      }
      return left;
    },

    /** The older keys are refused from now on. */
    retireOlder: () => retireOlder(db, clock, vault),

    /** The keys of this database, the newest first. */
    list: () =>
      db.selectFrom('master_key').select(['version', 'created_at', 'retired_at']).orderBy('version', 'desc').execute(),
  };
}
