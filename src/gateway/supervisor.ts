import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import { fraction, type RandomBytes } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { closeCodes, judgeDisconnect, type Verdict } from '../whatsapp/disconnects.ts';
import type { Link, LinkEvent, LinkOptions, OpenLink } from '../whatsapp/link.ts';

/** Where a device is in its life. One value, so that no two flags can disagree. Times are Unix ms. */
export type DeviceState =
  /** Nobody asked it to connect: not paired yet, or switched off. */
  | { readonly is: 'idle' }
  | { readonly is: 'connecting'; readonly attempt: number }
  | { readonly is: 'pairing'; readonly qr: string; readonly expiresAt: number }
  | { readonly is: 'connected'; readonly phone: string; readonly since: number; readonly caughtUp: boolean }
  /** The connection went; it tries again by itself. */
  | { readonly is: 'waiting'; readonly until: number; readonly reason: string; readonly because: string }
  /** It needs a person; `reason` is a stable word of the disconnect table. */
  | { readonly is: 'down'; readonly reason: string; readonly because: string };

export interface Supervisor {
  readonly state: DeviceState;
  /** The live link, only while connected. */
  readonly link: Link | undefined;
  /** The link while it shows a QR code, for pairing by code. */
  readonly pairingLink: Link | undefined;
  start(): void;
  /** Closes the connection and opens another at once, with the same credentials. */
  restart(because: string): void;
  /** Resolves when the socket is closed and no timer is left. */
  stop(): Promise<void>;
}

export interface SupervisorNeeds {
  readonly openLink: OpenLink;
  readonly linkOptions: Omit<LinkOptions, 'onEvent'>;
  /** Every state, in order. */
  readonly onState: (state: DeviceState) => void;
  /** What the link says, but for the states above. */
  readonly onLinkEvent: (event: LinkEvent) => void;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

/** Neither open nor showing a QR by then: HTTP errors on the upgrade and a missing `<success>` hang without any event (protocol facts 0.7). */
const OPEN_WATCHDOG_MS = 40_000;
/** After this long the offline queue is taken as through, should WhatsApp never say so. */
const CATCH_UP_MS = 15_000;
/** A connection that held this long starts the back-off anew. */
const STABLE_MS = 60_000;
const BACKOFF_CAP_MS = 60_000;
const REPEATS_WITHIN_MS = 600_000;

interface Ending {
  readonly code: number;
  readonly because: string;
  readonly paired: boolean;
  readonly pairing: boolean;
  /** Monotonic ms, null when it never opened. */
  readonly openedAt: number | null;
  readonly expiresAt: number | null;
  /** Set when we closed it ourselves to open another. */
  readonly restarted: boolean;
}

interface PastEnding {
  readonly code: number;
  /** Monotonic ms. */
  readonly at: number;
}

/** This one among those that still count. A device that can not connect for weeks has an ending each minute. */
export const withEnding = (endings: readonly PastEnding[], ending: PastEnding): readonly PastEnding[] => [
  ...endings.filter(({ at }) => ending.at - at < REPEATS_WITHIN_MS),
  ending,
];

export function createSupervisor(needs: SupervisorNeeds): Supervisor {
  const { clock, random, log } = needs;
  let state: DeviceState = { is: 'idle' };
  let current: Link | undefined;
  let endCurrent: ((ending: Pick<Ending, 'code' | 'because'> & Partial<Ending>) => void) | undefined;
  let life: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;

  function become(next: DeviceState): void {
    state = next;
    needs.onState(next);
  }

  async function run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    let endings: readonly PastEnding[] = [];
    while (!signal.aborted) {
      become({ is: 'connecting', attempt: failures + 1 });
      const ending = await live(signal);
      if (signal.aborted) return;
      if (ending.openedAt !== null && clock.monotonic() - ending.openedAt >= STABLE_MS) failures = 0;
      if (ending.restarted) continue;
      endings = withEnding(endings, { code: ending.code, at: clock.monotonic() });
      const verdict = judgeDisconnect(ending.code, {
        pairing: ending.pairing,
        recent: endings.filter(({ code }) => code === ending.code).length,
      });
      const level = verdict.action === 'reconnect_now' ? 'debug' : 'info';
      log[level]({ code: ending.code, reason: verdict.reason }, 'connection closed');
      const delay = delayOf(verdict, failures, ending.expiresAt);
      if (delay === undefined) {
        become({ is: 'down', reason: verdict.reason, because: verdict.sentence });
        return;
      }
      if (delay === 0) continue;
      failures += 1;
      become({ is: 'waiting', until: clock.now() + delay, reason: verdict.reason, because: verdict.sentence });
      try {
        await clock.sleep(delay, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  /** Milliseconds until the next try, undefined for none. */
  function delayOf(verdict: Verdict, failures: number, expiresAt: number | null): number | undefined {
    switch (verdict.action) {
      case 'stop':
        return undefined;
      case 'reconnect_now':
        return 0;
      case 'wait':
        return verdict.delayMs ?? Math.max(60_000, (expiresAt ?? 0) - clock.now());
      case 'back_off':
        return Math.max(1, fraction(random) * Math.min(BACKOFF_CAP_MS, 1000 * 2 ** Math.min(failures, 10)));
    }
  }

  /** One connection, from opening to its end. */
  function live(signal: AbortSignal): Promise<Ending> {
    return new Promise((resolve, reject) => {
      let opened: number | null = null;
      let paired = false;
      let pairing = false;
      let link: Link | undefined;
      const timers = new AbortController();
      let ended = false;

      const end = (ending: Pick<Ending, 'code' | 'because'> & Partial<Ending>) => {
        if (ended) return;
        ended = true;
        timers.abort();
        signal.removeEventListener('abort', onAbort);
        current = undefined;
        endCurrent = undefined;
        const finish = () =>
          resolve({ paired, pairing, openedAt: opened, expiresAt: null, restarted: false, ...ending });
        if (link === undefined) finish();
        else link.close().then(finish, reject);
      };
      const onAbort = () => end({ code: 0, because: 'stopped' });
      const after = (ms: number, then: () => void) => {
        clock.sleep(ms, timers.signal).then(then, (error) => {
          if (!timers.signal.aborted) reject(error);
        });
      };

      const onEvent = (event: LinkEvent): void => {
        if (ended) return;
        switch (event.type) {
          case 'qr':
            pairing = true;
            become({ is: 'pairing', qr: event.qr, expiresAt: event.expiresAt });
            break;
          case 'paired':
            paired = true;
            pairing = false;
            break;
          case 'open': {
            const since = clock.now();
            opened = clock.monotonic();
            pairing = false;
            become({ is: 'connected', phone: event.phone, since, caughtUp: false });
            after(CATCH_UP_MS, () => {
              if (state.is === 'connected' && !state.caughtUp) become({ ...state, caughtUp: true });
            });
            break;
          }
          case 'caught_up':
            if (state.is === 'connected') become({ ...state, caughtUp: true });
            break;
          case 'unreadable':
            log.error({ err: event.error }, 'the stored keys of this device cannot be read; it is set apart');
            end({ code: closeCodes.unreadable, because: event.error.message });
            return;
          case 'closed':
            end({ code: event.code, because: event.error.message, expiresAt: event.expiresAt ?? null });
            return;
          default:
        }
        needs.onLinkEvent(event);
      };

      signal.addEventListener('abort', onAbort, { once: true });
      endCurrent = end;
      after(OPEN_WATCHDOG_MS, () => {
        if (opened === null && !pairing) end({ code: 408, because: 'WhatsApp did not answer in time.' });
      });
      needs.openLink({ ...needs.linkOptions, onEvent }).then(
        (made) => {
          link = made;
          if (ended) made.close().catch((error) => log.error({ err: error }, 'closing a link failed'));
          else current = made;
        },
        (error) => {
          log.warn({ err: asError(error) }, 'opening the connection failed');
          const unreadable = asError(error).name === 'UnreadableKeyError' || asError(error).name === 'SealBroken';
          end({ code: unreadable ? closeCodes.unreadable : 500, because: asError(error).message });
        },
      );
    });
  }

  return {
    get state() {
      return state;
    },
    get link() {
      return state.is === 'connected' ? current : undefined;
    },
    get pairingLink() {
      return state.is === 'pairing' ? current : undefined;
    },
    start() {
      if (life !== undefined) return;
      const abort = new AbortController();
      const done = run(abort.signal)
        .catch((error) => {
          log.error({ err: error }, 'the supervisor of a device failed');
          become({ is: 'down', reason: 'internal', because: 'The gateway met an unexpected fault with this device.' });
        })
        .finally(() => {
          life = undefined;
        });
      life = { abort, done };
    },
    restart(because) {
      log.warn({ reason: because }, 'restarting the connection');
      endCurrent?.({ code: 0, because, restarted: true });
    },
    async stop() {
      const ending = life;
      ending?.abort.abort();
      await ending?.done;
      if (state.is !== 'down') become({ is: 'idle' });
    },
  };
}
