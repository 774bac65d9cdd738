import { createHash, randomBytes } from 'node:crypto';
import { proto } from 'baileys';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createEvents } from '../../src/base/events.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { createLog } from '../../src/base/log.ts';
import { createHappenings } from '../../src/gateway/happenings.ts';
import { createSurfacing } from '../../src/gateway/inbox/surfacing.ts';
import type { Store, StoreTx } from '../../src/store/index.ts';
import { incomingOf } from '../../src/whatsapp/inbound.ts';
import type { Incoming } from '../../src/whatsapp/link.ts';
import { createTenant, present, type Tenant } from '../store/tenant.ts';
import { overEachDatabase } from '../support/databases.ts';

const [ERASED, OTHER] = ['628111', '628222'];

type Said = proto.IMessage & { readonly id?: string };

/** Decrypted and receipted; whoever held the device died before anybody was told. */
async function left(store: Store, { owner }: Tenant, phone: string, { id = phone, ...said }: Said = {}): Promise<void> {
  const message = proto.Message.encode({ conversation: `of ${phone}`, ...said }).finish();
  await store.deviceMemory(owner).writeKeys([], {
    hash: createHash('sha256').update(id).digest(),
    plaintext: Buffer.concat([message, Buffer.from([1])]),
    envelope: { whatsappId: id, from: `${phone}@s.whatsapp.net`, timestamp: 1_765_483_200, offline: false },
  });
}

/** As it comes from the wire. */
function live(phone: string, { id = phone, ...said }: Said = {}): Incoming {
  const key = { remoteJid: `${phone}@s.whatsapp.net`, id, fromMe: false };
  const message = { conversation: `of ${phone}`, ...said };
  return present(
    incomingOf({ key, message, messageTimestamp: 1_765_483_200 }, 'notify', {
      jid: '628999@s.whatsapp.net',
      lid: null,
    }),
  );
}

/** What stands in for the store's own calls in a transaction. */
type Manner = (tx: StoreTx) => Partial<StoreTx>;

function surfacingOf(store: Store, { owner }: Tenant, { journal = store.journal, manner = () => ({}) }: Manners = {}) {
  const events = createEvents((error) => {
    throw error;
  });
  const told: string[] = [];
  const tellings = new Set<() => void>();
  onTestFinished(
    events.on('message.received', ({ whatsappId }) => {
      told.push(whatsappId);
      for (const look of tellings) look();
    }),
  );
  const transaction: Store['transaction'] = (work) => store.transaction((tx) => work({ ...tx, ...manner(tx) }));
  const surfacing = createSurfacing({
    owner,
    store: { ...store, journal, transaction },
    happenings: createHappenings({ store, events, clock: systemClock, random: systemRandom }),
    events,
    self: () => ({ phone: '628999', lid: null }),
    heardFrom: () => Promise.resolve(),
    clock: systemClock,
    log: createLog('silent'),
  });
  onTestFinished(() => surfacing.stop());
  return {
    ...surfacing,
    told,
    /** Resolves when so many were told. */
    async tells(count: number): Promise<void> {
      if (told.length >= count) return;
      await new Promise<void>((resolve) => {
        tellings.add(() => {
          if (told.length >= count) resolve();
        });
      });
    },
  };
}

interface Manners {
  readonly journal?: Store['journal'];
  readonly manner?: Manner;
}

const inboxOf = async (store: Store, { account, device }: Tenant) =>
  (await store.inbox.list(account.id, device.id, { limit: 10, page: 1 })).rows;

/** Of some 4,000 characters, as no index of PostgreSQL takes them. */
const overlong = () => randomBytes(3_000).toString('base64');

overEachDatabase('surfacing', ({ open }) => {
  test('tells nothing of a person who is erased after it was read from the journal', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { account, owner } = tenant;
    for (const phone of [ERASED, OTHER]) await left(store, tenant, phone);
    const journal: Store['journal'] = {
      ...store.journal,
      async unsurfaced(...which) {
        const entries = await store.journal.unsurfaced(...which);
        await store.people.erase(account.id, { phone: ERASED, lids: [] }, () => Promise.reject(new Error('no files')));
        return entries;
      },
    };
    const surfacing = surfacingOf(store, tenant, { journal });
    surfacing.start();
    await surfacing.tells(1);
    await surfacing.stop();
    expect(surfacing.told).toEqual([OTHER]);
    expect((await inboxOf(store, tenant)).map(({ peer }) => peer)).toEqual([OTHER]);
    expect(await store.journal.waiting(owner)).toEqual([]);
  });

  // Each had no place in an index of PostgreSQL, and held up whatever came with it and after it, until the device was deleted.
  const strange = {
    'quotes an over-long id': () => ({
      conversation: null,
      extendedTextMessage: { text: 'x', contextInfo: { stanzaId: overlong() } },
    }),
    'reacts to an over-long id': () => ({
      conversation: null,
      reactionMessage: { text: 'x', key: { id: overlong() } },
    }),
    'has an over-long id': () => ({ id: overlong() }),
  } satisfies Record<string, () => Said>;

  test.each(Object.keys(strange).flatMap((what) => [[what, 'live'] as const, [what, 'from the journal'] as const]))(
    'a message that %s is told, and so are those after it: %s',
    async (what, way) => {
      const store = await open();
      const tenant = await createTenant(store);
      const surfacing = surfacingOf(store, tenant);
      const said: readonly (readonly [string, Said])[] = [
        [ERASED, strange[what as keyof typeof strange]()],
        [OTHER, {}],
      ];
      // What is in the journal already is taken up at the start, before anything is heard.
      if (way === 'live') surfacing.start();
      for (const one of said) await left(store, tenant, ...one);
      if (way === 'live') for (const one of said) surfacing.hear(live(...one));
      surfacing.start();
      await surfacing.tells(2);
      await surfacing.stop();
      const rows = await inboxOf(store, tenant);
      expect(rows.map(({ peer }) => peer)).toEqual([OTHER, ERASED]);
      expect(rows.map(({ refers_to }) => refers_to)).toEqual([null, null]);
      expect(surfacing.told).toEqual(rows.map(({ whatsapp_id }) => whatsapp_id).reverse());
      expect(await store.journal.waiting(tenant.owner)).toEqual([]);
    },
  );

  test.each(['live', 'from the journal'] as const)('what the database refuses hinders nobody else: %s', async (way) => {
    const store = await open();
    const tenant = await createTenant(store);
    let refuses = true;
    const surfacing = surfacingOf(store, tenant, {
      manner: (tx) => ({
        inbox: {
          ...tx.inbox,
          insert: (owner, row) =>
            refuses && row.from_phone === ERASED
              ? Promise.reject(new Error('index row size exceeds the maximum'))
              : tx.inbox.insert(owner, row),
        },
      }),
    });
    const all = ['628333', ERASED, OTHER];
    if (way === 'live') surfacing.start();
    for (const phone of all) await left(store, tenant, phone);
    if (way === 'live') for (const phone of all) surfacing.hear(live(phone));
    surfacing.start();
    await surfacing.tells(2);
    await surfacing.stop();
    expect(surfacing.told).toEqual(['628333', OTHER]);
    // It is in the journal still, and comes with the next start.
    expect((await store.journal.waiting(tenant.owner)).map(({ envelope }) => envelope.whatsappId)).toEqual([ERASED]);
    refuses = false;
    const next = surfacingOf(store, tenant);
    next.start();
    await next.tells(1);
    await next.stop();
    expect(next.told).toEqual([ERASED]);
  });
});
