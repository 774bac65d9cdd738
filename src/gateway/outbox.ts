import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { MessageRow, Messages as MessageStore, Owner, Paced } from '../store/index.ts';
import type { Link, LinkEvent } from '../whatsapp/link.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { Conversations } from './conversations.ts';
import { type Delivery, untilStored } from './delivery.ts';
import type { Pacing, PacingReason } from './pacing.ts';

/**
 * The worker of one device: takes its messages in order and brings each through `delivery.ts`. Only the owner of the device's lease
 * runs it.
 *
 * One message of a chat is on its way at a time, so that no re-send can overtake a later message of that chat; different chats go
 * side by side (`LANES`), so that one slow download holds up nobody else.
 */
export interface Outbox {
  start(): void;
  /** There may be something to do: a new connection, rows that another process has accepted. */
  wake(): void;
  /** A row that was just accepted. */
  take(row: MessageRow): void;
  /** What rows wait for has changed: those that pacing has put off (all, or those that are named) are judged anew. */
  lookAgain(which?: Paced): void;
  /** What the link says about messages of ours. */
  onLinkEvent(event: LinkEvent): void;
  /**
   * A message met a closed connection before its end was told. Nothing is tried on it for a moment: it would refuse each row at once, and
   * rounds without a wait between them keep the very event from being heard that ends it (test/regressions/closed-line.test.ts).
   */
  onClosedLine(link: Link): void;
  /** The connection went; whatever was on the wire is unknown. */
  onDisconnected(): void;
  /** Everything waits until then, and why. Unix ms. */
  readonly hold: Hold | undefined;
  /** Takes nothing new; resolves when what is on its way has its outcome, at the latest after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export interface Hold {
  readonly until: number;
  readonly reason: PacingReason;
}

export interface OutboxNeeds {
  readonly owner: Owner;
  readonly messages: Pick<
    MessageStore,
    'claim' | 'unknown' | 'isAnyLate' | 'expire' | 'nextDue' | 'makeDue' | 'markSent' | 'markWaiting' | 'applyReceipt'
  >;
  readonly delivery: Delivery;
  /** As it is now; asked before each look at the rows. */
  readonly pacing: () => Promise<Pacing>;
  readonly conversations: Pick<Conversations, 'isNew'>;
  readonly acknowledgements: Acknowledgements;
  /** The live link, once what came while offline is through: receipts in it settle unknown rows without a re-send. */
  readonly link: () => Link | undefined;
  readonly changed: (row: MessageRow) => void;
  readonly durable: () => Promise<void>;
  readonly durableSoon: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

const LANES = 16;
/** The wake-up is an accelerator; this poll is the promise. */
const POLL_MS = 15_000;
const AFTER_FAILURE_MS = 1000;
/**
 * Messages whose receipts are remembered, so that a group's twenty do not ask the store twenty times. The last ones are enough, and each
 * device has its own: with 5,000 fifty busy devices filled the memory for hours (test/soak).
 */
const RECEIPTS = 250;

export function createOutbox(needs: OutboxNeeds): Outbox {
  const { owner, messages, clock, log } = needs;
  const lanes = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let awake = false;
  let ring: (() => void) | undefined;
  /** The connection on which rows left in `sending` were already taken up. */
  let recovered: Link | undefined;
  /** The connection that said it is closed, and until when nothing is tried on it. Monotonic ms. */
  let closed: { readonly link: Link; readonly until: number } | undefined;
  let nextExpiry = 0;
  /** The wall clock of the last round: it may be set back. */
  let lastRound = 0;
  /** What is to be judged anew. At first all: what an earlier owner put off, it may not have lived to hear better of. */
  const again: Paced[] = [{}];
  let hold: Hold | undefined;
  /** Rows may wait that nobody told of: those of an earlier life, or behind a recipient's lane. Until a claim finds none. */
  let backlog = true;
  /** Counts the calls of `wake`: a row that was told of while a claim ran may have come too late for it. */
  let wakes = 0;
  /** Recipients with a lane for whom another row has come meanwhile. */
  const followers = new Set<string>();
  /** Just accepted, and nothing is known to hold them. */
  let fresh: MessageRow[] = [];
  const receipted = new Map<string, 'delivered' | 'read'>();

  function ringUp(): void {
    awake = true;
    ring?.();
  }

  function wake(): void {
    wakes += 1;
    backlog = true;
    ringUp();
  }

  /**
   * Nearly every message goes to somebody for whom nothing waits: it needs no claim, which would only find it again. `markSending`
   * looks once more whether anything holds it.
   */
  function take(row: MessageRow): void {
    if (lanes.has(row.recipient)) followers.add(row.recipient);
    else if (backlog || hold !== undefined || lanes.size >= LANES || row.due_at > clock.now()) wake();
    else {
      fresh.push(row);
      ringUp();
    }
  }

  function lookAgain(which: Paced = {}): void {
    again.push(which);
    ringUp();
  }

  async function idle(ms: number): Promise<void> {
    if (awake || stopping.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    ring = resolve;
    const cancel = clock.after(ms, resolve);
    await promise;
    ring = undefined;
    cancel();
  }

  const pause = (ms: number): Promise<void> =>
    clock.sleep(ms, stopping.signal).catch((error) => {
      if (!stopping.signal.aborted) throw error;
    });

  function launch(row: MessageRow, work: () => Promise<void>): void {
    const lane = work()
      .catch((error) => {
        if (stopping.signal.aborted) return;
        log.error({ message: row.id, err: asError(error) }, 'a message met an unexpected fault');
        // Its row still waits; without a pause the next round would meet the fault again, and again.
        return pause(AFTER_FAILURE_MS).then(() => {
          // Whether its last write was committed is unknown, as after a crash: what is left in `sending` is taken up again.
          recovered = undefined;
          backlog = true;
        });
      })
      .finally(() => {
        lanes.delete(row.recipient);
        if (followers.delete(row.recipient)) wake();
        else if (backlog) ringUp();
      });
    lanes.set(row.recipient, lane);
  }

  /** `unopened`: it was to open a conversation, and has not. */
  async function send(row: MessageRow, link: Link, unopened: (() => void) | undefined): Promise<void> {
    let tried = false;
    try {
      await needs.delivery.deliver(row, link, stopping.signal, () => {
        tried = true;
      });
    } finally {
      if (!tried && unopened !== undefined) {
        unopened();
        // One, since there is room for one: of a broadcast to a thousand strangers each would else be judged anew a thousand times.
        lookAgain({ nextOf: 'new_conversations' });
      }
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      awake = false;
      try {
        await idle(await round(await needs.pacing()));
      } catch (error) {
        // The store failed: nothing was taken. Say so and try again.
        log.error({ err: asError(error) }, 'the outbox could not read its messages');
        backlog = true;
        await idle(AFTER_FAILURE_MS);
      }
    }
  }

  /** Starts what can be started; gives the milliseconds to wait for more. */
  async function round(pacing: Pacing): Promise<number> {
    const now = clock.now();
    if (now < lastRound) {
      // The clock ran ahead, and with it every time that was reckoned by it.
      again.push({});
      nextExpiry = now;
    }
    lastRound = now;
    for (let which = again[0]; which !== undefined; which = again[0]) {
      if ((await messages.makeDue(owner, which, now)) > 0) backlog = true;
      again.shift();
    }
    if (now >= nextExpiry) {
      const expired = (await messages.isAnyLate(owner, now)) ? await messages.expire(owner, now) : [];
      if (expired.length > 0) await needs.durable();
      for (const row of expired) needs.changed(row);
      nextExpiry = now + POLL_MS;
    }

    const link = needs.link();
    const unusable = link === closed?.link && clock.monotonic() < (closed?.until ?? 0);
    if (link === undefined || unusable) {
      fresh = [];
      backlog = true;
      return unusable ? AFTER_FAILURE_MS : POLL_MS;
    }
    if (recovered !== link) {
      // Lanes of the connection before end by themselves (their answers were closed); only then is `sending` the whole truth.
      await Promise.all(lanes.values());
      const unknown = await messages.unknown(owner);
      const byRecipient = Map.groupBy(unknown, (row) => row.recipient);
      for (const rows of byRecipient.values()) {
        const [first] = rows;
        if (first === undefined) continue;
        launch(first, async () => {
          for (const row of rows) await needs.delivery.resume(row, link, stopping.signal);
        });
      }
      recovered = link;
    }

    const free = LANES - lanes.size;
    if (free === 0) {
      backlog ||= fresh.length > 0;
      return POLL_MS;
    }
    // At most one row for each recipient; one that is being prepared is still `queued`, and its lane says so.
    const quiet = lanes.size === 0;
    const before = wakes;
    const express = fresh;
    fresh = [];
    const claimed = backlog ? await messages.claim(owner, now, LANES) : express;
    const rows = claimed.filter((row) => !lanes.has(row.recipient)).slice(0, free);
    backlog ||= rows.length < express.length;
    hold = undefined;
    for (const row of rows) {
      if (lanes.has(row.recipient)) {
        followers.add(row.recipient);
        continue;
      }
      const isNew = await needs.conversations.isNew(row.recipient);
      const verdict = pacing.judge({ recipient: row.recipient, priority: row.priority, isNew });
      if (verdict.is === 'go') {
        const takeBack = pacing.note({ recipient: row.recipient, isNew });
        launch(row, () => send(row, link, isNew ? takeBack : undefined));
      } else if (verdict.everybody) {
        // The rows behind have no higher priority: they wait at least as long.
        hold = verdict;
        backlog = true;
        return Math.max(1, Math.min(POLL_MS, verdict.until - now));
      } else {
        const waiting = await messages.markWaiting(owner, row.id, 'pacing', verdict.until, verdict.reason);
        if (waiting !== undefined) needs.changed(waiting);
      }
    }
    if (!backlog) return POLL_MS;
    const due = await messages.nextDue(owner, now);
    // Nothing is left that nobody will tell of.
    if (quiet && claimed.length === 0 && due === undefined && before === wakes) backlog = false;
    return due === undefined ? POLL_MS : Math.max(1, Math.min(POLL_MS, due - now));
  }

  async function acknowledge(event: Extract<LinkEvent, { type: 'ack' }>): Promise<void> {
    if (event.code === null) {
      const answer = { is: 'acknowledged', serverTime: event.serverTime } as const;
      if (needs.acknowledgements.settle(event.whatsappId, answer)) return;
      // Late: the one who waited has gone. The row may still be `sending`.
      const row = await untilStored(clock, stopping.signal, () =>
        messages.markSent(owner, event.whatsappId, event.serverTime, clock.now()),
      );
      if (row !== undefined) {
        needs.durableSoon();
        // A receipt that came first has told of the row already.
        if (row.state === 'sent') needs.changed(row);
      }
      return;
    }
    needs.acknowledgements.settle(event.whatsappId, { is: 'refused', code: event.code });
  }

  async function receipt(event: Extract<LinkEvent, { type: 'receipt' }>): Promise<void> {
    const step = event.step === 'delivered' ? 'delivered' : 'read';
    const before = receipted.get(event.whatsappId);
    if (before === step || before === 'read') return;
    receipted.set(event.whatsappId, step);
    const [oldest] = receipted.keys();
    if (receipted.size > RECEIPTS && oldest !== undefined) receipted.delete(oldest);
    // WhatsApp tells whole seconds; within that second our clock knows more, and nothing is delivered before it was sent.
    const at = Math.max(event.at, Math.min(clock.now(), event.at + 999));
    const row = await untilStored(clock, stopping.signal, () =>
      messages.applyReceipt(owner, event.whatsappId, step, at),
    );
    if (row === undefined) return;
    needs.durableSoon();
    // Whoever got the message proves that WhatsApp took it: a receipt counts as the acknowledgement.
    needs.acknowledgements.settle(event.whatsappId, {
      is: 'acknowledged',
      serverTime: row.server_time ?? Math.floor(event.at / 1000),
    });
    needs.changed(row);
  }

  const told = (work: Promise<void>, what: string) => {
    work.catch((error) => log.error({ err: asError(error) }, `${what} could not be stored`));
  };

  return {
    get hold() {
      return hold;
    },
    start() {
      running ??= run();
    },
    wake,
    take,
    lookAgain,
    onLinkEvent(event) {
      if (event.type === 'ack') told(acknowledge(event), 'an acknowledgement');
      else if (event.type === 'receipt') told(receipt(event), 'a receipt');
    },
    onClosedLine(link) {
      closed = { link, until: clock.monotonic() + AFTER_FAILURE_MS };
    },
    onDisconnected() {
      needs.acknowledgements.closeAll();
    },
    async stop(graceMs) {
      const patience = Promise.withResolvers<void>();
      const cancel = clock.after(graceMs, patience.resolve);
      // No new rows: the loop ends after its round. What is on the wire may finish.
      const drained = drain();
      await Promise.race([drained, patience.promise]);
      cancel();
      needs.acknowledgements.closeAll();
      await drained;
    },
  };

  async function drain(): Promise<void> {
    stopping.abort();
    ring?.();
    await running;
    await Promise.all(lanes.values());
  }
}
