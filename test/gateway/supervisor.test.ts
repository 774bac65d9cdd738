import { expect, onTestFinished, test } from 'vitest';
import { startNetwork } from '../../simulator/index.ts';
import type { Clock } from '../../src/base/clock.ts';
import { createLog } from '../../src/base/log.ts';
import { createSupervisor, type DeviceState, withEnding } from '../../src/gateway/supervisor.ts';
import { createOpenLink } from '../../src/whatsapp/index.ts';
import { QUICK, TestDevice } from '../link/device.ts';

test('of connections that ended, those of the last ten minutes are remembered, however long a device can not connect', () => {
  let endings: ReturnType<typeof withEnding> = [];
  const counts: number[] = [];
  for (let minute = 0; minute < 1_000; minute++) {
    endings = withEnding(endings, { code: 503, at: minute * 60_000 });
    counts.push(endings.length);
  }
  expect(counts.slice(0, 12)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10]);
  expect(Math.max(...counts)).toBe(10);
});

/** It stands still until it is set on; what sleeps wakes when its time has come. */
function standingClock() {
  let now = 0;
  let sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  const after = (ms: number, wake: () => void) => {
    const sleeper = { at: now + ms, wake };
    sleepers.push(sleeper);
    return () => {
      sleepers = sleepers.filter((one) => one !== sleeper);
    };
  };
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const cancel = after(ms, resolve);
        signal?.addEventListener('abort', () => {
          cancel();
          reject(signal.reason);
        });
      }),
  };
  const setTo = (at: number) => {
    now = at;
    const due = sleepers.filter((one) => one.at <= now);
    sleepers = sleepers.filter((one) => one.at > now);
    for (const { wake } of due) wake();
  };
  return { clock, setTo };
}

test('a server that asks for a new connection at each login is not stormed: twice at once, then after growing pauses', async () => {
  const network = await startNetwork();
  onTestFinished(() => network.stop());
  const device = await new TestDevice(network, '628110005150').pair();
  await device.close();
  const fault = network.faults.failLogin(515);
  const { clock, setTo } = standingClock();
  let look = (): void => undefined;
  const states: DeviceState[] = [];
  const supervisor = createSupervisor({
    openLink: createOpenLink(QUICK),
    linkOptions: { route: device.route, memory: device.memory, findSent: async () => undefined },
    onState: (state) => {
      states.push(state);
      look();
    },
    onLinkEvent: () => undefined,
    clock,
    // The longest pauses that chance may draw.
    random: (bytes) => Buffer.alloc(bytes, 255),
    log: createLog('silent'),
  });
  onTestFinished(() => supervisor.stop());

  /** The pause that it takes after so many logins; the storm never takes one. */
  const pause = (logins: number) =>
    new Promise<number>((resolve, reject) => {
      look = () => {
        const state = states.at(-1);
        if (state?.is === 'waiting' && fault.hits === logins)
          resolve(Math.round((state.until - clock.now()) / 100) * 100);
        else if (state?.is === 'down') reject(new Error(state.because));
        else if (fault.hits > logins) reject(new Error(`${fault.hits} logins in the place of ${logins}`));
      };
      look();
    });

  supervisor.start();
  const pauses: number[] = [];
  for (let logins = 3; logins < 12; logins++) {
    pauses.push(await pause(logins));
    expect(states.at(-1)).toMatchObject({ is: 'waiting', reason: 'degraded' });
    const { until } = states.at(-1) as Extract<DeviceState, { is: 'waiting' }>;
    setTo(until);
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});
