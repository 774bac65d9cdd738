import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTenant } from '../panel/support/people.ts';
import { startTestApp, type TestApp } from '../support/app.ts';

// A connection that had just opened wrote that its device is wanted after somebody had switched it off: the next round of the fleet took
// it again, and what waited on it went out. A round that had read before that it is wanted did the same.

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp({ env: { SANDBOX: 'true' } });
});
afterEach(() => app?.stop());

const switchOff = (id: number) => app.store.devices.update(app.account.id, id, { enabled: 0 });

describe('a device that is switched off', () => {
  test('stays so, whatever its connection still writes', async () => {
    const { id } = app.device;
    await app.fleet.drop(id);
    const switched = new Promise((resolve) => {
      const off = app.events.on('device.changed', ({ deviceId, state }) => {
        if (deviceId !== id || state !== 'connected') return;
        off();
        resolve(switchOff(id));
      });
    });
    await app.fleet.refresh(id);
    await switched;
    await app.fleet.drop(id);
    expect(await app.devices.find(app.account.id, id)).toMatchObject({ enabled: 0, state: 'disconnected' });
  });

  test('is not taken by a round that read before that it is wanted', async () => {
    const first = app.device.id;
    const { id } = await app.addDevice('6281234567891');
    await Promise.all([app.fleet.drop(first), app.fleet.drop(id)]);
    const round = app.fleet.refresh();
    // By then the round has asked, and it takes the other one first.
    await app.devices.find(app.account.id, id);
    await switchOff(id);
    await app.fleet.drop(id);
    await round;
    expect(app.fleet.station(first)).toBeDefined();
    expect(app.fleet.station(id)).toBeUndefined();
  });

  test.each([1, 2, 3, 4, 5])('at step %i of linking itself is neither wanted nor kept', async (step) => {
    const { browser, accountId } = await createTenant(app);
    const steps: string[] = [];
    const atStep = new Promise<number>((resolve) => {
      app.events.on('device.changed', ({ accountId: account, deviceId, state }) => {
        if (account === accountId && steps.push(state) === step) resolve(deviceId);
      });
    });
    await browser.post('/devices', { name: 'Sandbox', kind: 'sandbox' });
    const id = await atStep;
    await browser.post(`/devices/${id}/disconnect`);
    await app.fleet.refresh();
    expect(await app.devices.find(accountId, id), steps.join()).toMatchObject({ enabled: 0 });
    expect(app.fleet.station(id)).toBeUndefined();
  });
});
