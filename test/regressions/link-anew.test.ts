import { expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../src/store/index.ts';
import { PHONE, startTestApp } from '../support/app.ts';

/**
 * While the keys of a device that WhatsApp no longer knows were deleted, to show a QR code, it was still `down: logged_out` for whoever
 * looked: on PostgreSQL, where that takes some milliseconds, a linking was given up (test/crash, `pairing`, 1 of 15 kills, seed 20272).
 */
test('a device that is linked anew is connecting, not down, while its old keys are deleted', async () => {
  const deleting = Promise.withResolvers<void>();
  const deleted = Promise.withResolvers<void>();
  const storeManners = (store: Store): Store => ({
    ...store,
    async clearMemory(owner) {
      deleting.resolve();
      await deleted.promise;
      return store.clearMemory(owner);
    },
  });
  const app = await startTestApp({ hands: { storeManners } });
  onTestFinished(() => app.stop());
  onTestFinished(() => deleted.resolve());
  app.network.phone(PHONE).unlink();
  await app.until(() => app.fleet.state(app.deviceId).is === 'down', 'the device to be unlinked');

  const station = app.fleet.station(app.deviceId);
  station?.startPairing();
  await deleting.promise;
  expect(station?.state).toMatchObject({ is: 'connecting' });
  const shown = new Promise<string>((resolve) => {
    app.events.on('device.changed', () => {
      if (station?.state.is === 'pairing') resolve(station.state.qr);
    });
  });
  deleted.resolve();
  await app.network.phone(PHONE).scan(await shown);
  await app.untilConnected(app.deviceId);
  expect(app.network.phone(PHONE).devices()).toHaveLength(1);
});
