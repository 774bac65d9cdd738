import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { every } from '../../src/base/every.ts';

test('what comes again stops after the work that is under way, without the pause that would follow', async () => {
  const begun = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  const times: number[] = [];
  const hour = every(
    systemClock,
    3_600_000,
    async () => {
      times.push(times.length);
      begun.resolve();
      await done.promise;
    },
    () => undefined,
  );
  hour.start();
  await begun.promise;
  const stopped = hour.stop();
  done.resolve();
  await stopped;
  expect(times).toEqual([0]);
});

test('what has stopped comes again when it is started again, and each life has its own signal', async () => {
  const signals: AbortSignal[] = [];
  let begun = Promise.withResolvers<void>();
  const hour = every(
    systemClock,
    3_600_000,
    async (signal) => {
      signals.push(signal);
      begun.resolve();
    },
    () => undefined,
  );
  for (const _ of [1, 2]) {
    begun = Promise.withResolvers();
    hour.start();
    await begun.promise;
    expect(signals.at(-1)?.aborted).toBe(false);
    await hour.stop();
  }
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});
