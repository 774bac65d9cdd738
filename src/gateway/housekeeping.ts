import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Store } from '../store/index.ts';
import { REPLAY_MS } from './idempotency.ts';
import type { People } from './people.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Long enough to look into what happened last year at this time. */
const AUDIT_MS = 400 * DAY;
const LINKS_MS = 30 * DAY;
/** Retry receipts and repeats of a ciphertext come within this time (facts/baileys 8). */
const FORTNIGHT_MS = 14 * DAY;

/** Removes what has ended long ago: what accounts keep for so many days only, sessions, links, the oldest of the audit log, frozen bytes, the decrypt journal, answers by Idempotency-Key. Nodes that do it side by side do no harm. */
export function createHousekeeping({
  store,
  people,
  clock,
  log,
}: {
  readonly store: Pick<Store, 'sessions' | 'links' | 'audit' | 'messages' | 'journal' | 'idempotency'>;
  readonly people: Pick<People, 'prune'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error'>;
}) {
  const ending = new AbortController();
  let running: Promise<void> | undefined;

  async function clean(): Promise<void> {
    const now = clock.now();
    await store.sessions.prune(now);
    await store.links.prune(now - LINKS_MS);
    await store.audit.prune(now - AUDIT_MS);
    await store.messages.pruneProtos(now - FORTNIGHT_MS);
    await store.journal.prune(now - FORTNIGHT_MS);
    await store.idempotency.prune(now - REPLAY_MS);
    await people.prune(now);
  }

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      await clean().catch((error) => log.error({ err: asError(error) }, 'what has ended could not be removed'));
      await clock.sleep(HOUR, ending.signal).catch((error) => {
        if (!ending.signal.aborted) throw error;
      });
    }
  }

  return {
    clean,
    start() {
      running ??= run();
    },
    async stop() {
      ending.abort();
      await running;
    },
  };
}
