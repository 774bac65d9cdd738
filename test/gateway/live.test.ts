import { expect, test } from 'vitest';
import { createEvents } from '../../src/base/events.ts';
import { createLiveEvents } from '../../src/gateway/live.ts';
import type { Store } from '../../src/store/index.ts';

const HOUR = 3_600_000;

/** As much of a store as a stream asks for: of one device, to which something has happened each time that somebody looks. */
function busyStore() {
  const followed: number[] = [];
  const store = {
    devices: { find: async () => ({ suspended_at: null, token_created_at: 1 }) },
    accounts: { find: async () => ({ suspended_at: null }) },
    durable: async () => undefined,
    events: {
      after: async (_account: number, _device: number, seq: number) => [
        { seq: seq + 1, type: 'message.status', payload: '{}' },
      ],
      last: async () => 0,
      follow: async (_account: number, _device: number, at: number) => void followed.push(at),
    },
  } as unknown as Pick<Store, 'events' | 'devices' | 'accounts' | 'durable'>;
  return { store, followed };
}

test('a stream on which something happens all day goes on being followed', async () => {
  let now = 0;
  const { store, followed } = busyStore();
  const events = createEvents((error) => {
    throw error;
  });
  const never = new Promise<void>(() => undefined);
  const clock = { now: () => now, monotonic: () => now, sleep: () => never, after: () => () => undefined };
  const live = createLiveEvents({ store, events, clock });
  const leaving = new AbortController();
  const stream = await live.follow({ accountId: 1, deviceId: 1, tokenSince: 1 }, null, leaving.signal);
  let told = 0;
  for await (const event of stream) {
    expect(event).toMatchObject({ seq: ++told });
    if (told === 3 * 24) leaving.abort();
    now += HOUR / 3 + 1;
    events.emit('event.recorded', { accountId: 1, deviceId: 1 });
  }
  // Less often than the events, and long before what was said last is a day old.
  expect(followed.length).toBeGreaterThan(10);
  expect(followed.length).toBeLessThan(told);
  for (const [n, at] of followed.entries()) expect((followed[n + 1] ?? now) - at).toBeLessThan(2 * HOUR);
});
