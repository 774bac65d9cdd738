import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { startNetwork } from '../../simulator/index.ts';
import { TestDevice } from './device.ts';

afterEach(() => vi.useRealTimers());

// Baileys tries an upload of pre-keys again a second after its query has failed, also when that was because the connection ended.
it('a connection that has ended leaves what the device remembers alone', async () => {
  const network = await startNetwork();
  onTestFinished(() => network.stop());
  const device = new TestDevice(network, '628110005001');
  await device.open();
  await device.phone.scan((await device.next('qr')).qr);
  await device.next('closed', ({ code }) => code === 515);
  await device.close();
  const asked = Promise.withResolvers<void>();
  network.onStanza((_connection, { tag, attrs }) => {
    if (tag !== 'iq' || attrs.xmlns !== 'encrypt' || attrs.type !== 'set') return undefined;
    asked.resolve();
    return 'swallow';
  });
  await device.open();
  await asked.promise;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await device.close();
  const { creds, writes } = device.memory;
  expect(writes).toBeGreaterThan(0);
  await vi.advanceTimersByTimeAsync(2_000);
  await setImmediate();
  await vi.advanceTimersByTimeAsync(2_000);
  vi.useRealTimers();
  expect(device.memory.writes).toBe(writes);
  expect(device.memory.creds).toEqual(creds);
});
