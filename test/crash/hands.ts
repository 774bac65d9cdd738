import type { Hands } from '../../src/app.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import type { Store } from '../../src/store/index.ts';
import { migrations as known } from '../../src/store/migrations/index.ts';
import type { Go } from './gateway.ts';

/** Clock, weather and death, as the parent asked for them. */
export function gatewayHands({ failpoint, storeLatencyMs = 0, haste = 1, migrations = [] }: Omit<Go, 'env'>): Hands {
  let hits = 0;
  const clock = haste === 1 ? systemClock : hasty(haste);
  return {
    clock,
    ...(failpoint === undefined
      ? {}
      : {
          failpoint: (name) => {
            if (name !== failpoint.name) return;
            hits += 1;
            if (hits === failpoint.hit) process.kill(process.pid, 'SIGKILL');
          },
        }),
    ...(migrations.length > 0 && {
      migrations: [...known, ...migrations.map(({ name, statements }) => ({ name, statements: () => statements }))],
    }),
    ...(storeLatencyMs === 0 ? {} : { storeManners: (store: Store) => slowed(store, storeLatencyMs) }),
  };
}

/** All of time runs `factor` times faster, wall clock included: the gateway's own waits keep their proportions. */
export function hasty(factor: number): Clock {
  const began = systemClock.now();
  const zero = systemClock.monotonic();
  const since = () => (systemClock.monotonic() - zero) * factor;
  return {
    now: () => Math.floor(began + since()),
    monotonic: () => zero + since(),
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
    after: (ms, work) => systemClock.after(ms / factor, work),
  };
}

/** What a database on another machine adds to each call. */
function slowed(store: Store, ms: number): Store {
  return {
    ...store,
    deviceMemory(owner) {
      const memory = store.deviceMemory(owner);
      const late =
        <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
        async (...args: A): Promise<R> => {
          await systemClock.sleep(ms);
          return call(...args);
        };
      return {
        readCreds: late(memory.readCreds),
        writeCreds: late(memory.writeCreds),
        readKeys: late(memory.readKeys),
        writeKeys: late(memory.writeKeys),
        readJournal: late(memory.readJournal),
      };
    },
  };
}
