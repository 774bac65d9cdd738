import { type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { Context } from '../context.ts';
import { endings, endMessages } from '../ending.ts';
import { receivedFileOf } from '../inbox.ts';
import type { Envelope } from '../journal.ts';
import type { Tables } from '../schema.ts';
import { about, openJson } from '../seals.ts';
import { inTransaction } from '../transactions.ts';
import { jidsOf, nameIn, type PersonNames, peersOf } from './names.ts';
import { createStriking } from './striking.ts';
import { devicesIn, through, throughInbox } from './walking.ts';

/** A file of the person: an upload that waited to be sent, or a received one. */
export type PersonFile = { readonly upload: string } | { readonly received: string };

/** How many rows went, and in how many of other people's the name was struck out. */
export interface Erased {
  readonly messages: number;
  readonly inbox: number;
  readonly files: number;
  readonly events: number;
  readonly journal: number;
  readonly answers: number;
  readonly conversations: number;
  readonly keys: number;
  readonly struck: number;
}

const lidsOf = ({ lids }: PersonNames) => lids.map((lid) => `${lid}@lid`);

/** Messages to the person. */
export const toPerson = (names: PersonNames) => (eb: ExpressionBuilder<Tables, 'message'>) =>
  eb.or([eb('recipient', 'in', peersOf(names)), eb('chat', 'in', jidsOf(names))]);

/** What the person wrote, anywhere, and what was written to them on the device's own phone. */
export const withPerson = (names: PersonNames) => (eb: ExpressionBuilder<Tables, 'inbox'>) =>
  eb.or([
    eb('peer', 'in', peersOf(names)),
    eb('chat', 'in', jidsOf(names)),
    eb('sender', 'in', jidsOf(names)),
    eb.and([eb('direction', '=', 'in'), eb('from_phone', '=', names.phone ?? '')]),
    eb.and([eb('direction', '=', 'in'), eb('from_lid', 'in', ['', ...lidsOf(names)])]),
  ]);

export function createErasure(context: Context) {
  const { db, vault } = context;
  const strike = createStriking(context);

  const devicesOf = (account_id: number) => devicesIn(db, account_id);

  /** Key rows of the person's phones, and those that name them: who has which devices, who was given a group's key. */
  async function keysOf(account_id: number, names: PersonNames) {
    const isNamed = nameIn(names);
    const named = (text: string) => text.search(isNamed) >= 0;
    const rows = await db
      .selectFrom('device_key')
      .innerJoin('device', 'device.id', 'device_key.device_id')
      .select(['device_id', 'type', 'key_id', 'sealed_value'])
      .where('account_id', '=', account_id)
      .where((eb) =>
        eb.or([
          eb('type', 'in', ['sender-key-memory', 'device-list', 'tctoken', 'lid-mapping']),
          ...[names.phone ?? '', ...names.lids]
            .filter((user) => user !== '')
            .map((user) => eb('key_id', 'like', `%${user}%`)),
        ]),
      )
      .execute();
    return rows.filter(
      ({ device_id, type, key_id, sealed_value }) =>
        named(key_id) ||
        (/^(sender-key-memory|device-list|tctoken|lid-mapping)$/.test(type) &&
          named(vault.open(sealed_value, about.key({ account_id, device_id }, type, key_id)).toString())),
    );
  }

  async function eraseMessages(account_id: number, names: PersonNames, forget: Forget): Promise<[number, number]> {
    let files = 0;
    for (const device_id of await devicesOf(account_id)) {
      const waiting = sql<SqlBool>`state = 'queued' and (recipient in (${sql.join(peersOf(names))}) or chat in (${sql.join(jidsOf(names))}))`;
      // What waits is taken back first, with its quota.
      await inTransaction(db, (tx) =>
        endMessages(tx, { account_id, device_id }, endings.cancelled, context.clock.now(), waiting),
      );
    }
    const messages = await through(
      db.selectFrom('message').selectAll().where('account_id', '=', account_id).where(toPerson(names)),
      async (row) => {
        const body = openJson<{ upload?: { path?: string } | null }>(
          vault,
          row.sealed_body,
          about.body(row, row.whatsapp_id),
        );
        const path = body.upload?.path;
        if (path !== undefined) {
          await forget({ upload: path });
          files += 1;
        }
        await inTransaction(db, async (tx) => {
          await tx.deleteFrom('idempotency').where('message_id', '=', row.id).execute();
          await tx.deleteFrom('message').where('id', '=', row.id).execute();
        });
        return 1;
      },
    );
    return [messages, files];
  }

  async function eraseInbox(account_id: number, names: PersonNames, forget: Forget): Promise<[number, number]> {
    let files = 0;
    const rows = await throughInbox(
      context,
      account_id,
      (inbox) => inbox.select(['id', 'device_id', 'has_media', 'media_key']).where(withPerson(names)),
      async ({ id, device_id, has_media, media_key }) => {
        // Also when the row does not name it: a process that was killed may have kept the file, and not said so yet.
        const received = media_key ?? (has_media === 1 ? receivedFileOf({ id, device_id }) : null);
        if (received !== null) await forget({ received });
        const last = await inTransaction(db, async (tx) => {
          // Of a group its event names the group, not the person.
          await tx.deleteFrom('event').where('device_id', '=', device_id).where('cause', '=', causeOf(id)).execute();
          return tx.deleteFrom('inbox').where('id', '=', id).returning('media_key').executeTakeFirst();
        });
        const named = last?.media_key ?? media_key;
        if (named !== null) files += 1;
        // It came between the one and the other.
        if (named !== null && media_key === null) await forget({ received: named });
        return 1;
      },
    );
    return [rows, files];
  }

  async function eraseEvents(account_id: number, names: PersonNames): Promise<number> {
    const { numDeletedRows } = await db
      .deleteFrom('event')
      .where('account_id', '=', account_id)
      .where('chat', 'in', [...peersOf(names), ...jidsOf(names)])
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }

  /** The decrypt journal answers for ciphertexts that come again: those of the person need no answer any more. */
  async function eraseJournal(account_id: number, names: PersonNames): Promise<number> {
    const isNamed = nameIn(names);
    const devices = await devicesOf(account_id);
    return through(
      db
        .selectFrom('decrypt_journal')
        .selectAll()
        .where('device_id', 'in', [0, ...devices]),
      async (row) => {
        const place = { account_id, device_id: row.device_id };
        const envelope =
          row.sealed_envelope === null
            ? (row.envelope ?? '')
            : JSON.stringify(openJson<Envelope>(vault, row.sealed_envelope, about.envelope(place, row.hash)));
        const plain = vault.open(row.sealed_plaintext, about.journal(place, row.hash)).toString('latin1');
        // What somebody else wrote and nobody was told of yet is not thrown away for naming the person: it comes through first.
        const goes = envelope.search(isNamed) >= 0 || (row.surfaced_at !== null && plain.search(isNamed) >= 0);
        if (!goes) return 0;
        await db.deleteFrom('decrypt_journal').where('id', '=', row.id).execute();
        return 1;
      },
    );
  }

  /** Answers by Idempotency-Key that name the person and belong to no message: refusals. */
  async function eraseAnswers(account_id: number, names: PersonNames): Promise<number> {
    const isNamed = nameIn(names);
    const rows = await db
      .selectFrom('idempotency')
      .select(['device_id', 'key', 'sealed_answer'])
      .where('device_id', 'in', [0, ...(await devicesOf(account_id))])
      .where('sealed_answer', 'is not', null)
      .execute();
    let count = 0;
    for (const { device_id, key, sealed_answer } of rows) {
      const answer = sealed_answer === null ? '' : vault.open(sealed_answer, about.replay(device_id, key)).toString();
      if (answer.search(isNamed) < 0 && key.search(isNamed) < 0) continue;
      await db.deleteFrom('idempotency').where('device_id', '=', device_id).where('key', '=', key).execute();
      count += 1;
    }
    return count;
  }

  /** Whoever asked for no more messages is still known, by a keyed hash that tells nobody who it is. */
  async function eraseConversations(account_id: number, names: PersonNames): Promise<number> {
    const peers = [...new Set([...peersOf(names), ...jidsOf(names)])];
    return inTransaction(db, async (tx) => {
      const gone = await tx
        .deleteFrom('conversation')
        .where('device_id', 'in', [0, ...(await devicesIn(tx, account_id))])
        .where('peer', 'in', peers)
        .returningAll()
        .execute();
      const refusals = new Map<number, number>();
      for (const { device_id, opted_out_at } of gone)
        if (opted_out_at !== null)
          refusals.set(device_id, Math.min(opted_out_at, refusals.get(device_id) ?? opted_out_at));
      for (const [device_id, opted_out_at] of refusals)
        for (const peer of peersOf(names))
          await tx
            .insertInto('opt_out')
            .values({ device_id, person_hash: vault.blind(peer), opted_out_at })
            .onConflict((conflict) => conflict.columns(['device_id', 'person_hash']).doNothing())
            .execute();
      return gone.length;
    });
  }

  /**
   * Ends the leases of the devices whose keys go, in the same transaction: an owner that still has them in memory can not write them back,
   * and takes the device anew, without them.
   */
  async function eraseKeys(account_id: number, names: PersonNames): Promise<number> {
    const keys = await keysOf(account_id, names);
    await inTransaction(db, async (tx) => {
      for (const device_id of new Set(keys.map((row) => row.device_id)))
        await tx
          .updateTable('device_lease')
          .set((eb) => ({ expires_at: 0, epoch: eb('epoch', '+', 1) }))
          .where('device_id', '=', device_id)
          .execute();
      for (const { device_id, type, key_id } of keys)
        await tx
          .deleteFrom('device_key')
          .where('device_id', '=', device_id)
          .where('type', '=', type)
          .where('key_id', '=', key_id)
          .execute();
    });
    return keys.length;
  }

  return {
    keysOf,

    /** In small steps; begun again after an end in the middle, it does what is left. `forget` removes a file before its row goes. */
    async erase(account_id: number, names: PersonNames, forget: Forget): Promise<Erased> {
      const [messages, uploads] = await eraseMessages(account_id, names, forget);
      const keys = await eraseKeys(account_id, names);
      // Before the inbox: whoever takes the devices anew tells first what their journal holds, and what it tells must still be found below.
      const journal = await eraseJournal(account_id, names);
      const [inbox, received] = await eraseInbox(account_id, names, forget);
      const events = await eraseEvents(account_id, names);
      const answers = await eraseAnswers(account_id, names);
      const conversations = await eraseConversations(account_id, names);
      const struck = await strike(account_id, names);
      return { messages, inbox, files: uploads + received, events, journal, answers, conversations, keys, struck };
    },
  };
}

/** What the event of a received message is told once for (`gateway/inbox/rows.ts`). */
export const causeOf = (inboxId: number): string => `inbox:${inboxId}`;

type Forget = (file: PersonFile) => Promise<void>;
