import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createEvents } from '../../src/base/events.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { createLog } from '../../src/base/log.ts';
import { createMirror, type Glimpse } from '../../src/gateway/cluster/mirror.ts';
import { createNeighbours } from '../../src/gateway/cluster.ts';
import type { Bell, LiveRow, Store } from '../../src/store/index.ts';
import { createHandClock } from '../webhooks/clock.ts';

const health = {
  status: 'ok',
  notices: [],
  ackLatencyMs: null,
  lastAckAt: null,
  phoneSeenAt: null,
  stalls: 0,
} as const;
const idle: Glimpse = { state: { is: 'idle' }, health, hold: null, isPairing: false };
const connecting: Glimpse = { ...idle, state: { is: 'connecting', attempt: 1 } };
const row = (device_id: number, live: Glimpse): LiveRow => ({ device_id, node: 'other', live });

test('what a node learns of devices while it reads all of them is not overwritten by what it read', async () => {
  const all = Promise.withResolvers<LiveRow[]>();
  const lives = {
    all: () => all.promise,
    find: async (ids: readonly number[]) => ids.map((id) => row(id, connecting)),
    put: async () => undefined,
  };
  const mirror = createMirror({ store: { lives }, node: 'this', deadFor: () => 0, meet: async () => undefined });
  await mirror.load([1]);
  const reading = mirror.loadAll();
  await mirror.load([2]);
  await mirror.put({ account_id: 1, device_id: 3, epoch: 1 }, connecting);
  all.resolve([1, 2, 3, 4].map((id) => row(id, idle)));
  await reading;
  // Learned before: what was read is newer.
  expect([1, 2, 3, 4].map((id) => mirror.look(id)?.state.is)).toEqual(['idle', 'connecting', 'connecting', 'idle']);
});

test('what other nodes know of their devices is read again when it could not be read after a gap', async () => {
  const clock = createHandClock();
  const failed = Promise.withResolvers<void>();
  let is: 'there' | 'away' = 'there';
  let live = connecting;
  const all = async () => {
    if (is === 'there') return [row(1, live)];
    failed.resolve();
    throw new Error('the database is away');
  };
  let gap: () => void = () => undefined;
  const none = async () => [];
  const node = { begin: none, prune: none, list: none, end: none };
  const store = {
    lives: { all },
    nodes: node,
    nodeCalls: { prune: none, open: none },
    rates: { prune: none },
    foreign: async () => undefined,
  } as unknown as Store;
  const bell: Bell = {
    ring: () => undefined,
    listen: (_hear, onGap) => {
      gap = onGap;
    },
    close: async () => undefined,
  };
  const neighbours = createNeighbours({
    store,
    bell,
    events: createEvents((error) => {
      throw error;
    }),
    outcomes: { heard: () => undefined, look: async () => undefined },
    node: 'this',
    role: 'all',
    version: '1',
    memoryMb: () => 1,
    ended: () => undefined,
    clock,
    random: systemRandom,
    log: createLog('silent'),
  });
  await neighbours.start();
  await setImmediate();
  live = idle;
  is = 'away';
  gap();
  await failed.promise;
  await setImmediate();
  is = 'there';
  clock.advance(1_000);
  await setImmediate();
  const seen = neighbours.mirror.look(1);
  await neighbours.stop();
  expect(seen?.state).toEqual({ is: 'idle' });
});
