import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PHONE, startTestApp, type TestApp } from '../support/app.ts';

// Connect, pressed while the device was still being let go of, found the old station in its place and left it there: the device stayed
// away until the next round of the fleet, or got a station that nobody kept.

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp();
});
afterEach(() => app?.stop());

describe('a device that is being let go of', () => {
  test('is taken anew when its lease is given up', async () => {
    const { id } = app.device;
    const before = app.fleet.station(id);
    const dropped = app.fleet.drop(id);
    const station = await app.fleet.take(app.device);
    await dropped;
    expect(station).not.toBe(before);
    expect(app.fleet.station(id)).toBe(station);
    station.start();
    await app.untilConnected(id);
  });

  test('is there again as soon as the fleet has looked', async () => {
    const { id } = app.device;
    await Promise.all([app.fleet.drop(id), app.fleet.refresh(id)]);
    expect(app.fleet.station(id)).toBeDefined();
    await app.untilConnected(id);
  });

  test('and that is being taken is not left behind', async () => {
    const { id } = app.device;
    await app.fleet.drop(id);
    const [station] = await Promise.all([app.fleet.take(app.device), app.fleet.drop(id)]);
    expect(app.fleet.station(id)).toBeUndefined();
    station.start();
    expect(station.state).toEqual({ is: 'idle' });
  });

  test('by several at once is let go of once', async () => {
    const { id } = app.device;
    await Promise.all([app.fleet.drop(id), app.fleet.drop(id), app.fleet.refresh(id)]);
    await app.untilConnected(id);
    expect(app.network?.phone(PHONE).devices()).toMatchObject([{ isConnected: true }]);
  });
});
