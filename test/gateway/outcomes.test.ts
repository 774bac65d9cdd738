import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createEvents } from '../../src/base/events.ts';
import { createOutcomes } from '../../src/gateway/outcomes.ts';

test('an outcome is not waited for by somebody who has gone already', async () => {
  const events = createEvents((error) => {
    throw error;
  });
  const nothing = { settled: () => Promise.reject(new Error('nothing is looked up')) };
  const outcomes = createOutcomes({ store: { messages: nothing as never }, events, clock: systemClock });
  const expected = outcomes.expect('3EB0', 3_600_000, AbortSignal.abort());
  expect(await expected.row).toBeUndefined();
  expected.forget();
});
