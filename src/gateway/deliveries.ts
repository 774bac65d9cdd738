import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import type { RandomBytes } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Egress } from '../net/egress.ts';
import type { Store, WebhookRow } from '../store/index.ts';
import type { Alerts } from './alerts.ts';
import { type Runner, startRunner } from './deliveries/runner.ts';
import type { Happenings } from './happenings.ts';

/**
 * Tells webhooks what happened. Each endpoint has a runner of its own while there is something for it, with a bounded number of
 * requests: one that hangs, fails or is gone holds up nobody else. What a runner knows is in the rows; a kill loses nothing of it.
 */
export interface Deliveries {
  start(): void;
  /** Looks at once whether there is something to deliver. */
  wake(): void;
  /** Ends what runs; what was not answered yet is told again, under the same id. */
  stop(): Promise<void>;
}

export interface DeliveriesNeeds {
  readonly store: Pick<Store, 'webhooks' | 'deliveries' | 'transaction' | 'durable'>;
  readonly happenings: Happenings;
  readonly egress: Pick<Egress, 'post'>;
  readonly alerts: Alerts;
  readonly events: EventBus;
  readonly node: string;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

/** The bell is an accelerator; this poll is the promise, and finds what is to be tried again. */
const POLL_MS = 1_000;
const DAY_MS = 86_400_000;
/** Events can be replayed and followed so long. */
export const KEPT_MS = 7 * DAY_MS;
/** What still waits for an endpoint (a paused one) is kept longer. */
export const PENDING_KEPT_MS = 30 * DAY_MS;

export function createDeliveries(needs: DeliveriesNeeds): Deliveries {
  const { store, events, clock, log } = needs;
  const runners = new Map<number, Runner>();
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let awake = false;
  let ring: (() => void) | undefined;

  function wake(): void {
    awake = true;
    ring?.();
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      awake = false;
      try {
        await round();
      } catch (error) {
        log.error({ err: asError(error) }, 'the deliveries could not be looked up');
      }
      await idle();
    }
  }

  async function round(): Promise<void> {
    for (const id of await store.webhooks.withWork(clock.now())) {
      if (stopping.signal.aborted) return;
      const present = runners.get(id);
      if (present !== undefined) present.wake();
      else begin(id);
    }
  }

  function begin(webhookId: number): void {
    const runner = startRunner({ ...needs, webhookId, changed });
    runners.set(webhookId, runner);
    runner.done.then(() => runners.delete(webhookId)).catch((error) => log.error({ err: asError(error) }, 'a runner'));
  }

  const changed = ({ account_id, device_id, id }: WebhookRow) =>
    events.emit('webhook.changed', { accountId: account_id, deviceId: device_id, webhookId: id });

  async function idle(): Promise<void> {
    if (awake || stopping.signal.aborted) return;
    const nap = new AbortController();
    const rung = new Promise<void>((resolve) => {
      ring = resolve;
    });
    const slept = clock.sleep(POLL_MS, nap.signal).catch((error) => {
      if (!nap.signal.aborted) throw error;
    });
    await Promise.race([rung, slept]);
    ring = undefined;
    nap.abort();
  }

  let offs: readonly (() => void)[] = [];
  return {
    start() {
      offs = [events.on('event.recorded', wake), events.on('webhook.changed', wake)];
      running ??= run();
    },
    wake,
    async stop() {
      for (const off of offs) off();
      stopping.abort();
      ring?.();
      await running;
      for (const runner of runners.values()) runner.stop();
      await Promise.all([...runners.values()].map(({ done }) => done));
      // Another node goes on at once; a runner that has ended by itself keeps its lease for a while.
      await store.webhooks.giveUpAll(needs.node).catch((error) => {
        log.warn({ err: asError(error) }, 'the webhooks of this node could not be handed over; others take them soon');
      });
    },
  };
}
