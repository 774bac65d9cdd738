import type { Context } from '../context.ts';
import { about, sealJson } from '../seals.ts';
import { jidsOf, nameIn, type PersonNames, peersOf, STRUCK } from './names.ts';
import { through, throughInbox } from './walking.ts';

/** In what belongs to others the person's name is struck out; what quotes the person loses the quote. */
export function createStriking(context: Context) {
  const { db, vault } = context;

  function inMessages(account_id: number, names: PersonNames): Promise<number> {
    const isNamed = nameIn(names);
    const struck = strikerOf(isNamed);
    const authors = new Set(jidsOf(names));
    return through(
      db
        .selectFrom('message')
        .selectAll()
        .where('account_id', '=', account_id)
        .where('state', 'not in', ['queued', 'sending']),
      async (row) => {
        const where = about.body(row, row.whatsapp_id);
        const text = vault.open(row.sealed_body, where).toString();
        const { quoted, ...body } = JSON.parse(text) as { quoted?: { sender: string; message: string } };
        const quotes = quoted !== undefined && (authors.has(quoted.sender) || hasName(quoted.message, isNamed));
        const after = struck(quotes ? JSON.stringify(body) : text);
        if (after === text) return 0;
        await db
          .updateTable('message')
          .set({ sealed_body: vault.seal(Buffer.from(after), where) })
          .where('id', '=', row.id)
          .execute();
        // Its frozen bytes say what the row said: a phone that asks for them again gets none.
        await db.deleteFrom('message_proto').where('message_id', '=', row.id).execute();
        return 1;
      },
    );
  }

  function inInbox(account_id: number, names: PersonNames): Promise<number> {
    const isNamed = nameIn(names);
    const struck = strikerOf(isNamed);
    return throughInbox(
      context,
      account_id,
      (inbox) => inbox.selectAll(),
      async (row) => {
        const places = {
          body: about.inbox(row, row.sender, row.whatsapp_id),
          proto: about.received(row, row.sender, row.whatsapp_id),
        };
        const text = vault.open(row.sealed_body, places.body).toString();
        const bytes = vault.open(row.sealed_proto, places.proto);
        const after = struck(text);
        const isQuoting = bytes.toString('latin1').search(isNamed) >= 0;
        if (after === text && !isQuoting) return 0;
        await db
          .updateTable('inbox')
          .set({
            sealed_body: vault.seal(Buffer.from(after), places.body),
            // The protobuf can not be cut; without it the row can not be quoted, and a file not yet fetched can not be had.
            ...(isQuoting && { sealed_proto: vault.seal(Buffer.alloc(0), places.proto) }),
          })
          .where('id', '=', row.id)
          .execute();
        return 1;
      },
    );
  }

  function inEvents(account_id: number, names: PersonNames): Promise<number> {
    const isNamed = nameIn(names);
    const struck = strikerOf(isNamed);
    return through(db.selectFrom('event').selectAll().where('account_id', '=', account_id), async (row) => {
      const where = about.event(row, row.uid);
      const text = vault.open(row.sealed_payload, where).toString();
      const after = struck(text);
      if (after !== text)
        await db
          .updateTable('event')
          .set({ sealed_payload: sealJson(vault, JSON.parse(after), where) })
          .where('id', '=', row.id)
          .execute();
      return after === text ? 0 : 1;
    });
  }

  function inAnswers(account_id: number, names: PersonNames): Promise<number> {
    const isNamed = nameIn(names);
    return through(
      db
        .selectFrom('delivery')
        .innerJoin('event', 'event.id', 'delivery.event_id')
        .select(['delivery.id', 'delivery.sealed_answer'])
        .where('event.account_id', '=', account_id)
        .where('delivery.sealed_answer', 'is not', null),
      async ({ id, sealed_answer }) => {
        if (sealed_answer === null || !vault.open(sealed_answer, about.answer(id)).toString().match(isNamed)) return 0;
        await db.updateTable('delivery').set({ sealed_answer: null }).where('id', '=', id).execute();
        return 1;
      },
      'delivery.id',
    );
  }

  async function inAudit(account_id: number, names: PersonNames): Promise<number> {
    const { numUpdatedRows } = await db
      .updateTable('audit')
      .set({ subject: STRUCK })
      .where('account_id', '=', account_id)
      .where((eb) => eb.or([...peersOf(names)].map((peer) => eb('subject', 'like', `%${peer}%`))))
      .executeTakeFirstOrThrow();
    return Number(numUpdatedRows);
  }

  /** Gives in how many rows. */
  return async function strike(account_id: number, names: PersonNames): Promise<number> {
    let sum = 0;
    for (const part of [inMessages, inInbox, inEvents, inAnswers, inAudit]) sum += await part(account_id, names);
    return sum;
  };
}

const strikerOf = (isNamed: RegExp) => (text: string) => text.replace(isNamed, STRUCK);

const hasName = (base64: string, isNamed: RegExp): boolean =>
  Buffer.from(base64, 'base64').toString('latin1').search(isNamed) >= 0;
