import { createHash } from 'node:crypto';
import { proto } from 'baileys';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createEvents } from '../../src/base/events.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { createLog } from '../../src/base/log.ts';
import { createHappenings } from '../../src/gateway/happenings.ts';
import { createSurfacing } from '../../src/gateway/inbox/surfacing.ts';
import type { Store } from '../../src/store/index.ts';
import { createTenant, type Tenant } from '../store/tenant.ts';
import { overEachDatabase } from '../support/databases.ts';

const [ERASED, OTHER] = ['628111', '628222'];

/** Decrypted and receipted; whoever held the device died before anybody was told. */
async function left(store: Store, { owner }: Tenant, phone: string): Promise<void> {
  const message = proto.Message.encode({ conversation: `of ${phone}` }).finish();
  await store.deviceMemory(owner).writeKeys([], {
    hash: createHash('sha256').update(phone).digest(),
    plaintext: Buffer.concat([message, Buffer.from([1])]),
    envelope: { whatsappId: phone, from: `${phone}@s.whatsapp.net`, timestamp: 1_765_483_200, offline: false },
  });
}

overEachDatabase('surfacing', ({ open }) => {
  test('tells nothing of a person who is erased after it was read from the journal', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { account, device, owner } = tenant;
    for (const phone of [ERASED, OTHER]) await left(store, tenant, phone);
    const events = createEvents((error) => {
      throw error;
    });
    const told = Promise.withResolvers<string>();
    onTestFinished(events.on('message.received', ({ whatsappId }) => told.resolve(whatsappId)));
    const journal: Store['journal'] = {
      ...store.journal,
      async unsurfaced(...which) {
        const entries = await store.journal.unsurfaced(...which);
        await store.people.erase(account.id, { phone: ERASED, lids: [] }, () => Promise.reject(new Error('no files')));
        return entries;
      },
    };
    const surfacing = createSurfacing({
      owner,
      store: { ...store, journal },
      happenings: createHappenings({ store, events, clock: systemClock, random: systemRandom }),
      events,
      self: () => ({ phone: '628999', lid: null }),
      heardFrom: () => Promise.resolve(),
      clock: systemClock,
      log: createLog('silent'),
    });
    surfacing.start();
    expect(await told.promise).toBe(OTHER);
    await surfacing.stop();
    const { rows } = await store.inbox.list(account.id, device.id, { limit: 10, page: 1 });
    expect(rows.map(({ peer }) => peer)).toEqual([OTHER]);
    expect(await store.journal.waiting(owner)).toEqual([]);
  });
});
