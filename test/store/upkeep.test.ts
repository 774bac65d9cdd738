import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type CompiledQuery, Kysely } from 'kysely';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createHousekeeping } from '../../src/gateway/housekeeping.ts';
import { rowOf } from '../../src/gateway/inbox/rows.ts';
import { createChats } from '../../src/store/chats.ts';
import type { Context } from '../../src/store/context.ts';
import { createDeliveries } from '../../src/store/deliveries.ts';
import { createIdempotency } from '../../src/store/idempotency.ts';
import { createInbox } from '../../src/store/inbox.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { createJournal } from '../../src/store/journal.ts';
import { createMessages } from '../../src/store/messages.ts';
import { createPeople } from '../../src/store/people.ts';
import { createProtos } from '../../src/store/protos.ts';
import { createRetention } from '../../src/store/retention.ts';
import type { Tables } from '../../src/store/schema.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { incoming } from '../security/filled.ts';
import { sqlitePlace, testVault } from '../support/databases.ts';
import { accept, createTenant, type Tenant } from './tenant.ts';

// SQLite runs in the gateway's own process: a statement that looks at a whole table, and a walk that lets nothing else have its turn, hold
// up every device. PostgreSQL plans by what is in the tables, so that small ones tell nothing of it.

const PERSON = { phone: '628123456000', lids: ['99887766'] };
const forget = async () => undefined;

async function open(): Promise<{ store: Store; tenant: Tenant; path: string }> {
  const { dataDir } = await sqlitePlace();
  const store = await openStore({ url: undefined, dataDir, vault: testVault, clock: systemClock });
  onTestFinished(() => store.close());
  return { store, tenant: await createTenant(store, { quota: 10_000 }), path: join(dataDir, 'wagate.db') };
}

/** The nouns of that file, and what they ask of it. */
function heard(path: string) {
  const asked: CompiledQuery[] = [];
  const dialect = openSqlite({ path, clock: systemClock });
  const db = new Kysely<Tables>({ dialect: dialect.kysely, log: ({ query }) => void asked.push(query) });
  onTestFinished(() => db.destroy());
  const context: Context = { db, dialect, vault: testVault, clock: systemClock, durable: dialect.durable };
  /** How SQLite finds the rows of the statements that match. */
  const plansOf = (statement: RegExp): string[] => {
    const file = new DatabaseSync(path, { readOnly: true });
    try {
      return asked
        .filter(({ sql }) => statement.test(sql))
        .map(({ sql, parameters }) =>
          file
            .prepare(`explain query plan ${sql}`)
            .all(...(parameters as (string | number)[]))
            .map(({ detail }) => String(detail))
            .join('; '),
        );
    } finally {
      file.close();
    }
  };
  return { context, plansOf };
}

async function fill(store: Store, tenant: Tenant, count: number): Promise<void> {
  await store.transaction(async (tx) => {
    for (let n = 0; n < count; n++)
      await tx.inbox.insert(tenant.owner, rowOf(incoming({ whatsappId: `W${n}` }), { phone: '62899', lid: null }));
  });
  for (let n = 0; n < count; n++) {
    const row = await accept(store, tenant, { recipient: PERSON.phone });
    await store.messages.cancel(tenant.account.id, tenant.device.id, row.id);
  }
}

test('what is old, and what is one person’s, is found by indexes that hold no other account’s rows', async () => {
  const { tenant, path } = await open();
  const { context, plansOf } = heard(path);
  await createRetention(context).prune(tenant.account.id, 5, forget);
  await createProtos(context).pruneProtos(5, 10);
  await createJournal(context).prune(5, 10);
  await createIdempotency(context).prune(5, 10);
  const people = createPeople(context);
  await people.read(tenant.account.id, await people.namesOf(tenant.account.id, PERSON));
  await people.erase(tenant.account.id, PERSON, forget);

  expect(plansOf(/ from "(inbox|message)" /).filter((plan) => /SCAN (inbox|message)/.test(plan))).toEqual([]);
  const plans = {
    oldMessages: plansOf(/^select .* from "message" where .*"created_at" </),
    oldInbox: plansOf(/^select .* from "inbox" where .*"created_at" </),
    oldEvents: plansOf(/^delete from "event" where .*"created_at" </),
    frozen: plansOf(/^delete from "message_proto"/),
    surfaced: plansOf(/^delete from "decrypt_journal" where "id" in/),
    answers: plansOf(/^delete from "idempotency" where \("device_id", "key"\) in/),
    inbox: plansOf(/^select .* from "inbox" where .*"id" >/),
    messages: plansOf(/^select .* from "message" where .*"id" >/),
  };
  expect(plans).toEqual({
    oldMessages: [expect.stringMatching(/^SEARCH message USING INDEX message_history \(device_id=\?\)$/)],
    oldInbox: [expect.stringMatching(/^SEARCH inbox USING INDEX inbox_page \(device_id=\?\)$/)],
    oldEvents: [
      expect.stringMatching(
        /^SEARCH event USING INTEGER PRIMARY KEY .* event_of_device \(device_id=\? AND created_at<\?\)/,
      ),
    ],
    frozen: [
      expect.stringMatching(
        /message_proto_age \(created_at<\?\).*SEARCH message USING INTEGER PRIMARY KEY \(rowid=\?\)$/,
      ),
    ],
    surfaced: [
      expect.stringMatching(
        /^SEARCH decrypt_journal USING INTEGER PRIMARY KEY .* decrypt_journal_age \(created_at<\?\)$/,
      ),
    ],
    answers: [
      expect.stringMatching(
        /^SEARCH idempotency .* \(device_id=\? AND key=\?\); .* idempotency_age \(created_at<\?\)$/,
      ),
    ],
    inbox: [1, 2].map(() => expect.stringMatching(/^SEARCH inbox USING INDEX inbox_page \(device_id=\? AND id>\?\)$/)),
    messages: [1, 2].map(() => expect.stringMatching(/message_account \(account_id=\? AND id>\?\)$/)),
  });
});

test('what waits, and what was sent to one person, is found without a walk through all that was ever sent', async () => {
  const { tenant, path } = await open();
  const { context, plansOf } = heard(path);
  const { owner, account, device } = tenant;
  const messages = createMessages(context);
  const now = context.clock.now();
  const looks = [{}, { reason: 'x' }, { recipient: PERSON.phone }, { nextOf: 'x' }];
  for (const which of looks) await messages.makeDue(owner, which, now);
  await messages.unknown(owner);
  const rare = [{ status: 'pending' }, { status: 'failed' }, { state: 'cancelled' }] as const;
  for (const which of rare) await messages.list(account.id, device.id, { limit: 50, page: 1, ...which });
  await createChats(context).sent(account.id, { device_id: device.id, peer: PERSON.phone }, 1_000, 50);

  const byWork = expect.stringMatching(
    /SEARCH message USING (COVERING )?INDEX message_work \(device_id=\? AND state=\?\)/,
  );
  const byRecipient = expect.stringMatching(
    /^SEARCH message USING INDEX message_recipient \(device_id=\? AND recipient=\?/,
  );
  const plans = {
    due: plansOf(/^update "message" set "due_at"/),
    unknown: plansOf(/ from "message" .*"state" = 'sending'/),
    pages: plansOf(/^select \* from "message" .*"state" (in|=) .* limit /),
    sent: plansOf(/^select .* from "message" where .*"id" < /),
  };
  expect(plans).toEqual({
    due: [byWork, byWork, byRecipient, byRecipient],
    unknown: [byWork],
    pages: rare.map(() => byWork),
    sent: [byRecipient],
  });
  // What is found is looked up by its id; nothing is walked through in the order of the history.
  expect(Object.values(plans).flat().join()).not.toMatch(/message_account|message_history \(device_id=\?\)/);
});

test('what waits for an endpoint is found without a walk through all that it was told', async () => {
  const { path } = await open();
  const { context, plansOf } = heard(path);
  const deliveries = createDeliveries(context);
  const now = context.clock.now();
  await deliveries.plan(1, now, now, 250);
  await deliveries.plan(1, now, now, 250, [`${PERSON.phone}@s.whatsapp.net`]);
  await deliveries.backlog(1);
  expect(plansOf(/ from "?delivery"?\s/)).toEqual([
    'SEARCH delivery USING COVERING INDEX delivery_plan (webhook_id=?)',
    'SEARCH delivery USING COVERING INDEX delivery_plan (webhook_id=?)',
    'SEARCH delivery USING INDEX delivery_due (webhook_id=? AND due_at>?)',
  ]);
});

test('what a page shows is counted by an index, and its newest are found without sorting all there is', async () => {
  const { tenant, path } = await open();
  const { context, plansOf } = heard(path);
  const { owner, account, device } = tenant;
  const page = { limit: 50, page: 1 };
  const inbox = createInbox(context);
  await inbox.list(account.id, device.id, page);
  await inbox.list(account.id, device.id, { ...page, since: 1 });
  for (const chat of [PERSON.phone, '120363@g.us']) await inbox.list(account.id, device.id, { ...page, chat });
  await createDeliveries(context).list(owner, 1, page);
  await createDeliveries(context).list(owner, 1, { ...page, state: 'pending' });
  const inboxes = {
    counts: plansOf(/^select count.* from "inbox"/),
    pages: plansOf(/^select \* from "inbox"/),
  };
  await createChats(context).newest(account.id, [device.id, device.id + 1], 50);

  const byPeer = expect.stringMatching(/SEARCH inbox USING (COVERING )?INDEX inbox_peer \(device_id=\? AND peer=\?\)/);
  expect(inboxes).toEqual({
    counts: [
      expect.stringMatching(/SEARCH inbox USING COVERING INDEX \w+ \(device_id=\?\)$/),
      expect.stringMatching(/SEARCH inbox USING COVERING INDEX inbox_page \(device_id=\?\)$/),
      byPeer,
      byPeer,
    ],
    pages: [
      expect.stringMatching(/^SEARCH inbox USING INDEX inbox_page \(device_id=\?\)/),
      expect.stringMatching(/^SEARCH inbox USING INDEX inbox_page \(device_id=\?\)/),
      byPeer,
      byPeer,
    ],
  });
  const deliveries = plansOf(/^select count.* from "delivery"/);
  expect(deliveries).toEqual([1, 2].map(() => expect.stringMatching(/SEARCH delivery USING COVERING INDEX/)));
  expect(deliveries.join()).not.toMatch(/SEARCH event/);
  expect([...plansOf(/^select "id" from "inbox"/), ...plansOf(/^select \* from "inbox" .*"id" >=/)]).toEqual([
    'SEARCH inbox USING COVERING INDEX inbox_page (device_id=?)',
    'SEARCH inbox USING COVERING INDEX inbox_page (device_id=?)',
    expect.stringMatching(/^SEARCH inbox USING INDEX inbox_page \(device_id=\? AND id>\?\)/),
  ]);
});

test('a file that is written anew is written beside itself on the disk, not in memory', async () => {
  const { store } = await open();
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  onTestFinished(() => prepare.mockRestore());
  await store.compact();
  expect(
    prepare.mock.calls.map(([statement]) => statement).filter((statement) => /vacuum|temp_store/.test(statement)),
  ).toEqual(['pragma temp_store = file', 'vacuum', 'pragma temp_store = memory']);
});

/** How often everything else had its turn meanwhile. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let immediate = setImmediate(function turn() {
    turns += 1;
    immediate = setImmediate(turn);
  });
  await work().finally(() => clearImmediate(immediate));
  return turns;
}

test('much that is old, or one person’s, holds up nothing else until all of it is gone', async () => {
  const { store, tenant } = await open();
  const { account, device } = tenant;
  const left = async () => (await store.inbox.list(account.id, device.id, { limit: 1, page: 1 })).total;

  await fill(store, tenant, 1_500);
  const whileOld = await turnsDuring(() => store.retention.prune(account.id, store.now() + 1, forget));
  expect(await left()).toBe(0);
  expect(whileOld).toBeGreaterThanOrEqual(3);

  await fill(store, tenant, 1_500);
  const whileErased = await turnsDuring(() => store.people.erase(account.id, PERSON, forget));
  expect(await left()).toBe(0);
  expect(whileErased).toBeGreaterThanOrEqual(6);
});

test('many old events of an account go some at a time, the newer ones and those of others stay', async () => {
  const { store, tenant } = await open();
  const other = await createTenant(store);
  const happen = (of: Tenant, count: number, at: number) =>
    store.transaction(async (tx) => {
      for (let n = 0; n < count; n++) {
        const uid = `evt_${of.device.id}_${at}_${n}`;
        await tx.events.record(of.owner, {
          uid,
          type: 'message.status',
          cause: null,
          chat: PERSON.phone,
          data: {},
          at,
        });
      }
    });
  const left = async ({ account, device }: Tenant) =>
    (await store.events.after(account.id, device.id, 0, 2_000)).map(({ created_at }) => created_at);
  await happen(tenant, 1_200, 1_000);
  await happen(tenant, 2, 3_000);
  await happen(other, 2, 1_000);

  const turns = await turnsDuring(() => store.retention.prune(tenant.account.id, 2_000, forget));
  expect(await left(tenant)).toEqual([3_000, 3_000]);
  expect(await left(other)).toEqual([1_000, 1_000]);
  // One for the messages, of which there are none, and three for the events.
  expect(turns).toBeGreaterThanOrEqual(4);
});

test('a backlog of all that has ended lets everything else have its turn until it is gone', async () => {
  const { store, tenant, path } = await open();
  const { account, device } = tenant;
  const file = new DatabaseSync(path);
  const many = 'with recursive some (n) as (select 1 union all select n + 1 from some where n < 3500)';
  const [of, person] = [`${account.id}, ${device.id}`, `${PERSON.phone}@s.whatsapp.net`];
  for (const statement of [
    `insert into message (account_id, device_id, whatsapp_id, recipient, chat, type, sealed_body, state, priority, show_typing, hold,
      attempts, due_at, expires_at, created_at, counted)
      ${many} select ${of}, 'W' || n, 'x', 'x', 'text', x'00', 'sent', 0, 0, 0, 1, 0, 0, 0, 0 from some`,
    `insert into message_proto (message_id, device_id, whatsapp_id, sealed_proto, created_at)
      select id, device_id, whatsapp_id, x'00', 0 from message`,
    `insert into decrypt_journal (device_id, hash, sealed_plaintext, created_at, surfaced_at)
      ${many} select ${device.id}, randomblob(32), x'00', 0, 0 from some`,
    `insert into idempotency (device_id, key, request_hash, created_at) ${many} select ${device.id}, 'K' || n, x'00', 0 from some`,
    `insert into event (account_id, device_id, seq, uid, type, chat, sealed_payload, created_at)
      ${many} select ${of}, n, 'evt_' || n, 'message.status', '${person}', x'00', 0 from some`,
  ])
    file.exec(statement);
  const kinds = ['message_proto', 'decrypt_journal', 'idempotency', 'event'];
  const left = () => kinds.map((kind) => file.prepare(`select count(*) as count from ${kind}`).get()?.count);
  expect(left()).toEqual(kinds.map(() => 3_500));
  const { clean } = createHousekeeping({
    store,
    people: { prune: async () => undefined },
    clock: systemClock,
    log: { error: (what: unknown) => expect.unreachable(String(what)) },
  });

  expect(await turnsDuring(clean)).toBeGreaterThanOrEqual(3 * kinds.length);
  expect(left()).toEqual(kinds.map(() => 0));
  file.close();
});
