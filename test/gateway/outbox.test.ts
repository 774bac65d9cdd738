import { expect, onTestFinished, test } from 'vitest';
import { type Clock, startOfDay, systemClock } from '../../src/base/clock.ts';
import { createLog } from '../../src/base/log.ts';
import { createAcknowledgements } from '../../src/gateway/acknowledgements.ts';
import { createOutbox } from '../../src/gateway/outbox.ts';
import { createPacing, NO_PACING, type PacingSettings } from '../../src/gateway/pacing.ts';
import type { MessageRow } from '../../src/store/index.ts';
import type { Link } from '../../src/whatsapp/link.ts';
import { accept, createTenant } from '../store/tenant.ts';
import { overEachDatabase, type TestDatabase } from '../support/databases.ts';

const DAY = 86_400_000;

/** An outbox on a real store, with real pacing; what it launches is told, and goes nowhere. */
async function create(database: TestDatabase, settings: PacingSettings, unsent?: Promise<void>) {
  let ahead = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };
  const store = await database.open({ clock });
  const tenant = await createTenant(store);
  const { owner } = tenant;
  const pacing = createPacing({
    settings,
    timeZone: 'UTC',
    linkedAt: 0,
    history: { sent: [], newToday: 0 },
    lockedUntil: 0,
    clock,
    random: (bytes) => Buffer.alloc(bytes),
  });
  let launched = Promise.withResolvers<MessageRow>();
  let putOff = Promise.withResolvers<MessageRow>();
  const outbox = createOutbox({
    owner,
    messages: store.messages,
    delivery: {
      deliver: (row, _link, signal) => {
        launched.resolve(row);
        if (unsent !== undefined) return unsent;
        // It is on its way until the end of the test.
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      },
      resume: async () => undefined,
    },
    pacing: async () => pacing,
    conversations: { isNew: async () => true },
    acknowledgements: createAcknowledgements(clock),
    link: () => ({}) as Link,
    changed: (row) => putOff.resolve(row),
    durable: store.durable,
    durableSoon: () => undefined,
    clock,
    log: createLog('silent'),
  });
  onTestFinished(() => outbox.stop(0));
  return {
    store,
    tenant,
    outbox,
    clock,
    async nextLaunched() {
      const row = await launched.promise;
      launched = Promise.withResolvers();
      return row;
    },
    /** The next row of which that is told. */
    async nextPutOff() {
      const row = await putOff.promise;
      putOff = Promise.withResolvers();
      return row;
    },
    setAhead(ms: number) {
      ahead = ms;
    },
  };
}

overEachDatabase('an outbox', (database) => {
  test('judges anew what an earlier owner of the device has put off', async () => {
    const { store, tenant, outbox, nextLaunched } = await create(database, NO_PACING);
    const row = await accept(store, tenant);
    await store.messages.markWaiting(tenant.owner, row.id, 'pacing', Date.now() + DAY, 'new_conversations');
    outbox.start();
    expect((await nextLaunched()).id).toBe(row.id);
  });

  test('judges anew what was put off by a clock that ran ahead, once it is set right', async () => {
    const settings = { ...NO_PACING, enabled: true, new_conversations_per_day: 0, new_conversations_first_day: 0 };
    const { store, tenant, outbox, clock, nextPutOff, setAhead } = await create(database, settings);
    setAhead(3 * DAY);
    await accept(store, tenant, { created_at: clock.now(), expires_at: clock.now() + DAY });
    outbox.start();
    const midnight = (day: number) => startOfDay('UTC', clock.now()) + day * DAY;
    expect((await nextPutOff()).due_at).toBe(midnight(1));
    setAhead(0);
    outbox.wake();
    expect((await nextPutOff()).due_at).toBe(midnight(1));
  });

  test('judges the next stranger anew when the one before got nothing after all', async () => {
    const settings = { ...NO_PACING, enabled: true, gap_ms: [0, 0], recipient_gap_ms: 0 } as const;
    const one = { new_conversations_per_day: 1, new_conversations_first_day: 1 };
    const unsent = Promise.withResolvers<void>();
    const { store, tenant, outbox, nextLaunched, nextPutOff } = await create(
      database,
      { ...settings, ...one },
      unsent.promise,
    );
    const [first, second] = [await accept(store, tenant, { recipient: '6281' }), await accept(store, tenant)];
    outbox.start();
    expect((await nextLaunched()).id).toBe(first.id);
    expect(await nextPutOff()).toMatchObject({ id: second.id, waiting_reason: 'new_conversations' });
    await store.messages.markFailed(tenant.owner, first.id, 'number_not_registered', 'Nobody.', Date.now());
    unsent.resolve();
    expect((await nextLaunched()).id).toBe(second.id);
  });
});
