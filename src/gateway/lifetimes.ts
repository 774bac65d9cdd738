import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import { every } from '../base/every.ts';
import type { Log } from '../base/log.ts';
import type { Store } from '../store/index.ts';
import { type Happenings, tellingMessages } from './happenings.ts';
import type { Outcomes } from './outcomes.ts';

const EVERY_MS = 60_000;

/**
 * Ends the messages whose lifetime is over and whose device nobody keeps: it is unlinked, banned, switched off, suspended or deleted. Those of
 * the others end in their own outbox. Nodes that do it side by side do no harm; of several, one does it (`cluster/duty.ts`).
 */
export function createLifetimes({
  store,
  happenings,
  outcomes,
  clock,
  log,
}: {
  readonly store: Pick<Store, 'messages' | 'transaction' | 'durable'>;
  readonly happenings: Happenings;
  readonly outcomes: Pick<Outcomes, 'tell'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error'>;
}) {
  const messages = tellingMessages(store, happenings);

  async function end(): Promise<void> {
    for (const device of await messages.lateUnkept(clock.now())) {
      for (;;) {
        const ended = await messages.expireUnkept(device, clock.now());
        if (ended.length === 0) break;
        await store.durable();
        for (const row of ended) outcomes.tell(row);
      }
    }
  }

  const ending = every(clock, EVERY_MS, end, (error) =>
    log.error({ err: asError(error) }, 'messages past their lifetime could not be ended'),
  );
  return { end, start: ending.start, stop: ending.stop };
}
