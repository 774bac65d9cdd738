import { expect, test } from 'vitest';
import { createEvents } from '../../src/base/events.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { createLog } from '../../src/base/log.ts';
import { createHappenings } from '../../src/gateway/happenings.ts';
import type { DeviceHealth } from '../../src/gateway/health.ts';
import { createTelling } from '../../src/gateway/station/telling.ts';
import type { DeviceState } from '../../src/gateway/supervisor.ts';
import { createTenant } from '../store/tenant.ts';
import { overEachDatabase, type TestDatabase } from '../support/databases.ts';

const fine: DeviceHealth = {
  status: 'ok',
  notices: [],
  ackLatencyMs: null,
  lastAckAt: null,
  phoneSeenAt: null,
  stalls: 0,
};
const unlinked: DeviceState = { is: 'down', reason: 'logged_out', because: 'It was unlinked on the phone.' };

/** The story of a device over a real store, of which a test may break what it uses. */
async function storyteller(database: TestDatabase, { alone = true } = {}) {
  const store = await database.open();
  const { account, device, owner } = await createTenant(store);
  await store.events.follow(account.id, device.id, Date.now());
  const events = createEvents((error) => {
    throw error;
  });
  const broken = { store: false, others: false, moving: false };
  const seen = { health: fine, state: unlinked, told: [] as string[], changed: [] as string[] };
  events.on('device.changed', ({ state }) => seen.changed.push(state));
  const telling = createTelling({
    device,
    owner,
    store: {
      devices: store.devices,
      transaction: (work) => {
        if (broken.store) throw new Error('the database is away');
        return store.transaction(work);
      },
    },
    happenings: createHappenings({
      store,
      events,
      clock: { now: Date.now, monotonic: Date.now },
      random: systemRandom,
    }),
    events,
    glimpse: () => ({ state: seen.state, health: seen.health, hold: null, isPairing: false }),
    tellOthers: alone
      ? undefined
      : async ({ state }) => {
          if (broken.others) throw new Error('the database is away');
          seen.told.push(state.is);
        },
    isMoving: () => broken.moving,
    health: () => seen.health,
    clock: { now: Date.now },
    log: createLog('silent'),
  });
  return {
    telling,
    broken,
    seen,
    device: () => store.devices.find(account.id, device.id),
    recorded: async () =>
      (await store.events.after(account.id, device.id, 0, 10)).map(({ type, payload }) => ({
        type,
        payload: payload.toString(),
      })),
  };
}

overEachDatabase('what becomes of a device', (database) => {
  test('is kept and told later when the store failed with it', async () => {
    const { telling, broken, seen, device, recorded } = await storyteller(database);
    broken.store = true;
    telling.state(unlinked);
    await telling.settled();
    expect(await device()).toMatchObject({ enabled: 1 });
    // As the rounds of the fleet look, while it goes on failing, and after.
    telling.look();
    await telling.settled();
    broken.store = false;
    telling.look();
    await telling.settled();
    expect(await device()).toMatchObject({ state: 'logged_out', enabled: 0 });
    expect(await recorded()).toMatchObject([{ type: 'device.status' }]);
    expect(seen.changed).toEqual(['down']);
    telling.look();
    await telling.settled();
    expect(seen.changed).toEqual(['down']);
  });

  test('is not told later when it has become something else, or belongs to another node by then', async () => {
    const { telling, broken, device, recorded } = await storyteller(database);
    broken.store = true;
    telling.state(unlinked);
    await telling.settled();
    broken.moving = true;
    broken.store = false;
    telling.look();
    await telling.settled();
    expect(await recorded()).toEqual([]);
    broken.moving = false;
    telling.state({ is: 'connecting', attempt: 1 });
    telling.look();
    await telling.settled();
    expect(await device()).toMatchObject({ state: 'connecting', enabled: 1 });
  });

  test('is told to other nodes later when they could not be told', async () => {
    const { telling, broken, seen } = await storyteller(database, { alone: false });
    broken.others = true;
    telling.look();
    await telling.settled();
    telling.state(unlinked);
    await telling.settled();
    broken.others = false;
    telling.look();
    telling.look();
    await telling.settled();
    expect(seen.told).toEqual(['down']);
    expect(seen.changed).toEqual(['down']);

    seen.state = { is: 'idle' };
    broken.others = true;
    telling.look();
    await telling.settled();
    broken.others = false;
    telling.look();
    telling.look();
    await telling.settled();
    expect(seen.told).toEqual(['down', 'idle']);
  });

  test('is told later when it is about its health, too', async () => {
    const { telling, broken, seen, recorded } = await storyteller(database);
    seen.health = {
      ...fine,
      status: 'warning',
      notices: [{ code: 'capping', level: 'warning', message: 'Please send less.', until: null }],
    };
    broken.store = true;
    telling.health();
    await telling.settled();
    expect(await recorded()).toEqual([]);
    broken.store = false;
    telling.health();
    telling.health();
    await telling.settled();
    expect(await recorded()).toMatchObject([{ type: 'device.health' }]);
  });
});
