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
