import type { Clock } from '../../base/clock.ts';
import { asError } from '../../base/errors.ts';
import type { RandomBytes } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Egress } from '../../net/egress.ts';
import type { Due, Store, WebhookRow } from '../../store/index.ts';
import type { Alerts } from '../alerts.ts';
import type { Happenings } from '../happenings.ts';
import { attempt } from './attempt.ts';
import { KEEPS_ORDER_MS, nextAttempt, PAUSED_AFTER_MS, pauseCauses } from './schedule.ts';

/** Everything that is delivered to one endpoint, one at a time within a chat. It ends when nothing is due. */
export interface Runner {
  readonly done: Promise<void>;
  /** There is more to do. */
  wake(): void;
  stop(): void;
}

export interface RunnerNeeds {
  readonly webhookId: number;
  readonly store: Pick<Store, 'webhooks' | 'deliveries' | 'transaction' | 'durable'>;
  readonly happenings: Happenings;
  readonly egress: Pick<Egress, 'post'>;
  readonly alerts: Alerts;
  readonly changed: (webhook: WebhookRow) => void;
  readonly node: string;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

/** Longer than an attempt may take: whoever takes the endpoint over from a node that lives meets none of ours. */
const LEASE_MS = 90_000;
/**
 * Asked for again so often, since it is another's as soon as this node passes for dead (`NODE_MS` after its last beat): one that was frozen
 * finds that out before it begins anything more.
 */
const RENEW_MS = 5_000;
const PLANNED = 250;
/** Failures in a row after which an endpoint gets one request at a time: a dead one costs nobody much. */
const DEAD_AFTER = 10;

export function startRunner(needs: RunnerNeeds): Runner {
  const { webhookId, store, clock, log } = needs;
  const inFlight = new Map<number, { readonly chat: string; readonly done: Promise<void> }>();
  const stopping = new AbortController();
  let plan: Due[] = [];
  /** The plan is not the whole truth any more. */
  let stale = true;
  let failedMeanwhile = false;
  /** There is more behind the plan's end; `hidden`: perhaps of chats that the plan does not know. */
  let full = false;
  let hidden = false;
  /** Something began or ended since the plan was made. */
  let moved = false;
  /** Failures in a row. */
  let streak = 0;
  let leasedUntil = 0;
  let ring: (() => void) | undefined;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (clock.monotonic() >= leasedUntil) {
        if (!(await store.webhooks.lease(webhookId, needs.node, LEASE_MS))) break;
        leasedUntil = clock.monotonic() + RENEW_MS;
      }
      if (stale) await look();
      // A failure that was written after the plan was read: by the plan its delivery is still due, and would go once more at once.
      if (failedMeanwhile) continue;
      launch();
      if (stale) continue;
      if (inFlight.size === 0) break;
      await new Promise<void>((resolve) => {
        ring = resolve;
      });
      ring = undefined;
    }
    await Promise.all([...inFlight.values()].map(({ done }) => done));
  }

  async function look(): Promise<void> {
    stale = false;
    failedMeanwhile = false;
    moved = false;
    plan = await planned();
    full = plan.length >= PLANNED;
    // What is told must survive whatever befalls this machine.
    await store.durable();
  }

  /** The oldest, of so many chats that each lane may have one: else a chat with a long queue would keep all others out of the plan. */
  async function planned(): Promise<Due[]> {
    const now = clock.now();
    const found: Due[] = [];
    const chats = new Set<string>();
    for (;;) {
      const some = await store.deliveries.plan(webhookId, now, now + KEEPS_ORDER_MS, PLANNED, [...chats]);
      found.push(...some);
      for (const { chat } of some) chats.add(chat);
      hidden = some.length === PLANNED;
      if (!hidden || chats.has('') || chats.size >= needs.concurrency) return found;
    }
  }

  /** Starts what may go, in order: an earlier one of a chat keeps the later ones waiting. */
  function launch(): void {
    const now = clock.now();
    const most = streak >= DEAD_AFTER ? 1 : needs.concurrency;
    const busy = new Set([...inFlight.values()].map(({ chat }) => chat));
    busy.delete('');
    const left: Due[] = [];
    for (const due of plan) {
      if (inFlight.has(due.id)) continue;
      if (due.due_at <= now && inFlight.size < most && !busy.has(due.chat)) {
        moved = true;
        const done = deliver(due).then((failed) => {
          moved = true;
          inFlight.delete(due.id);
          if (failed) {
            // Its chat may have to wait for its retry: the plan must know before anything else of the chat goes. A plan that was
            // laid out up to this moment left it out, as one that is under way.
            stale = true;
            failedMeanwhile = true;
          }
          ring?.();
        });
        inFlight.set(due.id, { chat: due.chat, done });
      } else left.push(due);
      if (due.chat !== '') busy.add(due.chat);
    }
    plan = left;
    if (moved && ((full && left.length < PLANNED / 2) || (hidden && inFlight.size < most))) stale = true;
  }

  /** One attempt, and what comes of it. Whether the books have it as failed. Never throws. */
  async function deliver({ id }: Due): Promise<boolean> {
    try {
      const row = await store.deliveries.take(id);
      const webhook = await store.webhooks.get(webhookId);
      if (webhook === undefined || webhook.enabled === 0 || webhook.paused_at !== null) {
        endsNow();
        return false;
      }
      if (row === undefined) return false;
      const { retryAfter, ...outcome } = await attempt(needs, row, webhook, stopping.signal);
      if (outcome.reason === null) {
        streak = 0;
        await store.deliveries.markDelivered(row, outcome);
        await store.webhooks.succeeded(webhookId, outcome.at);
      } else if (!stopping.signal.aborted) {
        streak += 1;
        const next = nextAttempt(row.attempts + 1, retryAfter, outcome.at, needs.random);
        await store.deliveries.markFailed(row, outcome, next);
        await judge(webhook, outcome.status, outcome.at);
        return true;
      }
    } catch (error) {
      // Untold in the books, so it is told again: at least once.
      if (!stopping.signal.aborted) log.error({ err: asError(error) }, 'a delivery met an unexpected fault');
      stopping.abort();
    }
    return false;
  }

  /**
   * The endpoint is gone, off or paused: the next turn asks for the lease, gets none, and ends. Until it was due again, the same rows were
   * read in a circle: a plan of many that nothing was sent of was made anew at once.
   */
  function endsNow(): void {
    leasedUntil = 0;
  }

  /** Pauses an endpoint that has failed for days, or says that it is gone for good. Nothing is lost: what it misses waits. */
  async function judge(webhook: WebhookRow, status: number | null, now: number): Promise<void> {
    const since = await store.webhooks.failing(webhookId, now);
    const cause = status === 410 ? 'gone' : now - since >= PAUSED_AFTER_MS ? 'dead' : undefined;
    if (cause === undefined) return;
    const because = pauseCauses[cause];
    const paused = await store.transaction(async (tx) => {
      if (!(await tx.webhooks.pause(webhookId, now, because))) return false;
      await needs.happenings.record(tx, webhook, {
        type: 'webhook.paused',
        cause: null,
        chat: '',
        data: {
          webhook_id: webhookId,
          url: webhook.url,
          reason: because,
          failing_since: new Date(since).toISOString(),
        },
      });
      return true;
    });
    endsNow();
    if (!paused) return;
    log.warn({ device: webhook.device_id, reason: because }, 'a webhook was paused');
    needs.happenings.ring(webhook);
    needs.changed(webhook);
    await needs.alerts.webhookPaused(webhook, cause);
  }

  const done = run().catch((error) => {
    log.error({ err: asError(error) }, 'the deliveries of a webhook stopped; they are taken up again');
    stopping.abort();
    return Promise.all([...inFlight.values()].map((one) => one.done)).then(() => undefined);
  });

  return {
    done,
    wake() {
      // What is new comes last, and a full plan does not reach so far.
      if (!full || plan.length < PLANNED / 2) stale = true;
      ring?.();
    },
    stop() {
      stopping.abort();
      ring?.();
    },
  };
}
