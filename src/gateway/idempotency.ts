import type { Clock } from '../base/clock.ts';
import { failure, isFailure } from '../base/errors.ts';
import type { Store } from '../store/index.ts';
import type { Idempotency } from './contract.ts';

/** Repeats of a request with the same key get the first answer for this long. */
export const REPLAY_MS = 24 * 3600_000;

/** On several nodes the first request may run on another one; after this long it has either accepted something or died. */
const DEAD_MS = 60_000;

export function createIdempotency(needs: {
  readonly store: Pick<Store, 'idempotency' | 'durable' | 'kind'>;
  readonly clock: Clock;
}): Idempotency {
  const { store, clock } = needs;
  /** Requests that this process is answering, each with the end of its own begin: only then does the row speak of it. */
  const running = new Map<string, Promise<void>>();

  return {
    async once(caller, key, requestHash, { answer, resume }) {
      const mine = `${caller.deviceId} ${key}`;
      const begun = running.get(mine);
      if (begun !== undefined) {
        await begun;
        // The hash tells a repeat from a mix-up even now.
        const since = clock.now();
        const first = await store.idempotency.begin(caller.deviceId, key, requestHash, since);
        // The first was refused meanwhile and has freed the key: not to be left taken by one that answers nothing.
        if (first.is === 'new') await store.idempotency.forget({ device_id: caller.deviceId, key, since });
        if (first.is === 'mismatch') throw failure('idempotency_mismatch');
        if (first.is === 'done') return { status: first.status, body: first.answer, replayed: true };
        throw failure('idempotency_in_progress', {}, { retryAfter: 1 });
      }
      const beginning = Promise.withResolvers<void>();
      running.set(mine, beginning.promise);
      try {
        const first = await begin(caller.deviceId, key, requestHash).finally(beginning.resolve);
        if (first.is === 'done') return { status: first.status, body: first.answer, replayed: true };
        const claim = { device_id: caller.deviceId, key, since: first.since };
        try {
          const given = first.is === 'new' ? await answer() : await resume(first.messageId);
          const kept = await store.idempotency.finish(claim, { status: given.status, answer: given.body });
          await store.durable();
          return { status: kept.status, body: kept.answer, replayed: first.is !== 'new' };
        } catch (error) {
          // Refused before acceptance: nothing was spent, and the key may be used again. A key that has its message stays.
          if (!isFailure(error, 'idempotency_in_progress')) await store.idempotency.forget(claim);
          throw error;
        }
      } finally {
        running.delete(mine);
      }
    },
  };

  /** A key whose first request died: after acceptance its message answers, before it the key is free. */
  async function begin(deviceId: number, key: string, requestHash: Uint8Array) {
    for (;;) {
      const now = clock.now();
      const first = await store.idempotency.begin(deviceId, key, requestHash, now);
      switch (first.is) {
        case 'mismatch':
          throw failure('idempotency_mismatch');
        case 'new':
          return { is: 'new', since: now } as const;
        case 'done':
          return first;
        case 'running':
          if (first.message_id !== null)
            return { is: 'accepted', messageId: first.message_id, since: first.since } as const;
          if (store.kind === 'postgres' && first.since > now - DEAD_MS)
            throw failure('idempotency_in_progress', {}, { retryAfter: 1 });
          // Should it live after all (a frozen node, another's clock), the message that it accepts finds the key taken (`attach`).
          await store.idempotency.forget({ device_id: deviceId, key, since: first.since });
      }
    }
  }
}
