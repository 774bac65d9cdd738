import type { Clock } from '../../base/clock.ts';
import { asError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';

/**
 * For what nobody's promise hangs on: an acknowledgement or receipt that a power failure takes back is learned again (the same stanza
 * once more) or is lost as a mere time. Many of them share one sync of the disk.
 */
export interface Syncing {
  soon(): void;
  /** Whoever stops syncs by itself. */
  cancel(): void;
}

const AFTER_MS = 100;

export function createSyncing({
  durable,
  clock,
  log,
}: {
  readonly durable: () => Promise<void>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}): Syncing {
  let waiting = false;
  let cancel: () => void = () => undefined;
  return {
    soon() {
      if (waiting) return;
      waiting = true;
      cancel = clock.after(AFTER_MS, () => {
        waiting = false;
        durable().catch((error) => log.error({ err: asError(error) }, 'the disk could not be synced'));
      });
    },
    cancel: () => cancel(),
  };
}
