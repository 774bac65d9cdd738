import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import { every } from '../base/every.ts';
import type { Log } from '../base/log.ts';
import { inSteps } from '../base/steps.ts';
import type { Store } from '../store/index.ts';
import { KEPT_MS, PENDING_KEPT_MS } from './deliveries.ts';
import { REPLAY_MS } from './idempotency.ts';
import type { People } from './people.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Long enough to look into what happened last year at this time. */
const AUDIT_MS = 400 * DAY;
const LINKS_MS = 30 * DAY;
/** Retry receipts and repeats of a ciphertext come within this time (facts/baileys 8). */
const FORTNIGHT_MS = 14 * DAY;
/** Rows of one statement: on SQLite 35 to 80 ms of a busy machine, in which nothing else runs; 5,000 took up to half a second. */
const AT_ONCE = 1_000;

/**
 * Removes what has ended long ago, every hour. Each kind by itself: one that fails is told, and keeps no other from its turn. Nodes that do it
 * side by side do no harm; of several, one does it (`cluster/duty.ts`).
 */
export function createHousekeeping({
  store,
  people,
  clock,
  log,
}: {
  readonly store: Pick<Store, 'sessions' | 'links' | 'audit' | 'messages' | 'journal' | 'idempotency' | 'events'>;
  readonly people: Pick<People, 'prune'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error'>;
}) {
  /** Some of what has ended by `now`; gives how many rows went. */
  const kinds: Readonly<Record<string, (now: number, limit: number) => Promise<number>>> = {
    sessions: (now, limit) => store.sessions.prune(now, limit),
    links: (now, limit) => store.links.prune(now - LINKS_MS, limit),
    audit: (now, limit) => store.audit.prune(now - AUDIT_MS, limit),
    'frozen bytes': (now, limit) => store.messages.pruneProtos(now - FORTNIGHT_MS, limit),
    'decrypt journal': (now, limit) => store.journal.prune(now - FORTNIGHT_MS, limit),
    'answers by Idempotency-Key': (now, limit) => store.idempotency.prune(now - REPLAY_MS, limit),
    events: (now, limit) => store.events.prune(now - KEPT_MS, now - PENDING_KEPT_MS, limit),
    // What accounts keep for so many days only: it goes in steps of its own.
    retention: (now) => people.prune(now).then(() => 0),
  };

  async function clean(signal?: AbortSignal): Promise<void> {
    const now = clock.now();
    for (const [what, deleteSome] of Object.entries(kinds)) {
      if (signal?.aborted) return;
      await inSteps(AT_ONCE, (limit) => deleteSome(now, limit), signal).catch((error) =>
        log.error({ err: asError(error), step: what }, 'what has ended could not be removed'),
      );
    }
  }

  const cleaning = every(clock, HOUR, clean, (error) =>
    log.error({ err: asError(error) }, 'what has ended could not be removed'),
  );
  return { clean: () => clean(), start: cleaning.start, stop: cleaning.stop };
}
