import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { startTestApp } from '../support/app.ts';
import { ON_FILE } from '../support/own-database.ts';

/** A sandbox device that was deleted while its phone scanned left a rejected promise that nobody held (test/security/fuzz, once in CI). */
test('a sandbox device that hangs up while its phone scans is told in the log', async () => {
  const told = Promise.withResolvers<string>();
  const log = createLog('info', {
    write: (line) => {
      if (line.includes('could not link')) told.resolve(line);
    },
  });
  // On SQLite the state is told in the very turn of the scan; behind the answers of a server the device would be linked by then.
  const app = await startTestApp({ sandbox: true, hands: { log }, env: ON_FILE });
  onTestFinished(() => app.stop());
  const { id } = await app.devices.create(app.account.id, { name: 'Second', kind: 'sandbox' });
  const dropped = new Promise<void>((resolve, reject) => {
    const off = app.events.on('device.changed', ({ deviceId }) => {
      if (deviceId !== id || app.fleet.state(id).is !== 'pairing') return;
      off();
      app.fleet.drop(id).then(resolve, reject);
    });
  });
  await app.fleet.refresh();
  await dropped;
  expect(JSON.parse(await told.promise)).toMatchObject({
    device: id,
    err: { message: 'the client hung up before it was linked' },
  });
  await app.fleet.refresh();
  await app.untilConnected(id);
});
