import type { Clock } from '../base/clock.ts';
import { failure } from '../base/errors.ts';
import type { Store } from '../store/index.ts';
import type { Idempotency } from './contract.ts';

/** Repeats of a request with the same key get the first answer for this long. */
export const REPLAY_MS = 24 * 3600_000;

export function createIdempotency(needs: {
  readonly store: Pick<Store, 'idempotency' | 'durable'>;
  readonly clock: Clock;
}): Idempotency {
  const { store, clock } = needs;
  return {
    async once(caller, key, requestHash, answer) {
      const first = await store.idempotency.begin(caller.deviceId, key, requestHash, clock.now());
      switch (first.is) {
        case 'running':
          throw failure('idempotency_in_progress', {}, { retryAfter: 1 });
        case 'mismatch':
          throw failure('idempotency_mismatch');
        case 'done':
          return { status: first.status, body: first.answer, replayed: true };
        case 'new':
      }
      try {
        const given = await answer();
        await store.idempotency.finish(caller.deviceId, key, given.status, given.body, null);
        await store.durable();
        return { ...given, replayed: false };
      } catch (error) {
        // A refusal before acceptance spent nothing and may be tried again with the same key.
        await store.idempotency.forget(caller.deviceId, key);
        throw error;
      }
    },
  };
}
