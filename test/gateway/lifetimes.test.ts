import { expect, test } from 'vitest';
import { createEvents } from '../../src/base/events.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { createLog } from '../../src/base/log.ts';
import { createHappenings } from '../../src/gateway/happenings.ts';
import { createLifetimes } from '../../src/gateway/lifetimes.ts';
import { createOutcomes } from '../../src/gateway/outcomes.ts';
import { UNSETTLED_MS } from '../../src/store/lifetimes.ts';
import { accept, createTenant, send, used } from '../store/tenant.ts';
import { startTestApp } from '../support/app.ts';
import { overEachDatabase, type TestDatabase } from '../support/databases.ts';
import { createHandClock } from '../webhooks/clock.ts';

const [ani, budi, citra] = ['628111', '628222', '628333'];

async function scene(database: TestDatabase) {
  const clock = createHandClock();
  const store = await database.open({ clock });
  const tenant = await createTenant(store);
  const { account, device, owner } = tenant;
  await store.events.follow(account.id, device.id, clock.now());
  const problems: unknown[] = [];
  const events = createEvents((error) => problems.push(error));
  const changed: string[] = [];
  events.on('message.changed', ({ messageId, state }) => changed.push(`${messageId} ${state}`));
  const happenings = createHappenings({ store, events, clock, random: systemRandom });
  const outcomes = createOutcomes({ store, events, clock });
  const log = createLog('silent');
  return {
    clock,
    store,
    tenant,
    changed,
    problems,
    end: createLifetimes({ store, happenings, outcomes, clock, log }).end,
    accept: (recipient: string) => accept(store, tenant, { recipient, hold: 1, expires_at: clock.now() + 1_000 }),
    giveUp: () => store.leases.giveUp(device.id, 'node-1', owner.epoch),
    find: async (id: number) => (await store.messages.find(account.id, device.id, id))?.state,
    used: () => used(store, tenant),
    told: async () =>
      (await store.events.after(account.id, device.id, 0, 10)).map(({ type, payload }) => {
        const { data } = payload as { data: { id: number; status: string } };
        return `${type} ${data.id} ${data.status}`;
      }),
  };
}

overEachDatabase('messages past their lifetime of a device that nobody keeps', (database) => {
  test('expire, are told once, and give their quota back', async () => {
    const { clock, store, tenant, changed, problems, end, ...all } = await scene(database);
    const row = await all.accept(ani);
    await store.devices.update(tenant.account.id, tenant.device.id, { enabled: 0 });
    await all.giveUp();
    await end();
    expect([await all.find(row.id), await all.used()]).toEqual(['queued', 1]);
    clock.advance(1_000);
    for (const _ of [1, 2]) await end();
    expect([await all.find(row.id), await all.used()]).toEqual(['expired', 0]);
    expect(await all.told()).toEqual([`message.failed ${row.id} expired`]);
    expect(changed).toEqual([`${row.id} expired`]);
    expect(problems).toEqual([]);
  });

  test.each([
    ['switched off', { enabled: 0 }],
    ['suspended', { suspended_at: 1 }],
  ] as const)('end on their way, too, when it is %s; their quota is spent', async (_, patch) => {
    const { clock, store, tenant, end, ...all } = await scene(database);
    const row = await send(store, tenant, await all.accept(ani), clock.now());
    await store.devices.update(tenant.account.id, tenant.device.id, patch);
    await all.giveUp();
    clock.advance(1_000);
    await end();
    expect([await all.find(row.id), await all.used()]).toEqual(['expired', 1]);
  });

  test('end when it was deleted while they were on their way', async () => {
    const { clock, store, tenant, end, changed, ...all } = await scene(database);
    const row = await send(store, tenant, await all.accept(ani), clock.now());
    await store.devices.remove(tenant.account.id, tenant.device.id);
    clock.advance(1_000);
    await end();
    expect(changed).toEqual([`${row.id} expired`]);
  });

  test('wait for the node that takes it, when it shall be connected and receipts may settle them', async () => {
    const { clock, store, tenant, end, ...all } = await scene(database);
    const row = await send(store, tenant, await all.accept(ani), clock.now());
    await all.giveUp();
    clock.advance(UNSETTLED_MS);
    await end();
    expect(await all.find(row.id)).toBe('sending');
    clock.advance(1_000);
    await end();
    expect(await all.find(row.id)).toBe('expired');
  });

  test('are left to the outbox of a device that is kept', async () => {
    const { clock, store, tenant, end, changed, ...all } = await scene(database);
    const [kept, tried, alive] = [
      await all.accept(ani),
      await all.accept(budi),
      await accept(store, tenant, { recipient: citra, expires_at: clock.now() + 90_000 }),
    ];
    await send(store, tenant, tried, clock.now());
    clock.advance(2_000);
    await end();
    expect(changed).toEqual([]);
    expect(await store.messages.lateUnkept(clock.now())).toHaveLength(0);
    await all.giveUp();
    await end();
    expect(changed).toEqual([`${kept.id} expired`]);
    expect([await all.find(tried.id), await all.find(alive.id)]).toEqual(['sending', 'queued']);
  });
});

test('the gateway itself ends them, once a minute', async () => {
  const clock = createHandClock(Date.now());
  const app = await startTestApp({ hands: { clock } });
  try {
    await app.store.devices.update(app.account.id, app.deviceId, { enabled: 0 });
    await app.fleet.drop(app.deviceId);
    const message = { recipient: '6281400000001', message: 'halo', when_offline: 'hold', expires_in: 60, async: true };
    const accepted = await app.call('POST', '/send-message', message);
    expect(accepted.status).toBe(202);
    const ended = new Promise<string>((resolve) => app.events.on('message.changed', ({ state }) => resolve(state)));
    clock.advance(120_000);
    expect(await ended).toBe('expired');
    const { body } = await app.call('GET', `/messages/${accepted.body.data.id}`);
    expect(body.data).toMatchObject({ status: 'failed', state: 'expired', error_code: 'message_expired' });
  } finally {
    await app.stop();
  }
});
