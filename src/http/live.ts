import { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { failure, isFailure } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import { createPlaces } from '../base/places.ts';
import type { History } from '../gateway/history.ts';
import type { Keeping } from '../gateway/keeping.ts';
import type { Quotas } from '../gateway/quotas.ts';
import type { Sessions, Signed } from '../gateway/sessions.ts';
import { deviceData, messageData, subscriptionData } from './panel/schemas.ts';
import { shown } from './panel/shown.ts';

/** Streams of what changes in an account, as server-sent events. Each begins with the whole state, so that nothing need be replayed. */
export interface LiveStreams {
  /** Ends with the session, with `signal`, or when the browser goes. Throws `rate_limited` for too many at once. */
  open(who: Signed, sessionToken: string, signal: AbortSignal): Promise<Readable>;
}

export interface LiveNeeds {
  readonly events: Pick<EventBus, 'on'>;
  readonly sessions: Pick<Sessions, 'find'>;
  readonly keeping: Pick<Keeping, 'list' | 'find'>;
  readonly history: Pick<History, 'find'>;
  readonly quotas: Quotas;
  readonly clock: Clock;
}

/** Below the 30 to 60 s after which proxies cut what is silent; the session is looked at as often. */
const HEARTBEAT_MS = 20_000;
/** What changes within it is told together. */
const GATHER_MS = 150;
/** More changed messages than these are told as one: look again. */
const MOST_MESSAGES = 50;
const MOST_STREAMS = 12;

interface News {
  readonly devices: Set<number>;
  readonly messages: Set<number>;
  /** Devices whose inbox shows something else. */
  readonly inboxes: Set<number>;
  readonly webhooks: Map<number, number>;
  subscription: boolean;
  people: boolean;
}

export function createLive(needs: LiveNeeds): LiveStreams {
  const { events, clock } = needs;
  const places = createPlaces<number>(MOST_STREAMS);

  async function* tell(first: Signed, token: string, signal: AbortSignal, leave: () => void): AsyncGenerator<string> {
    let who = first;
    const inbox = gather(events, who);
    try {
      yield 'retry: 2000\n\n';
      yield await hello(who);
      let lookAt = clock.monotonic() + HEARTBEAT_MS;
      while (!signal.aborted) {
        await inbox.wait(Math.max(1, lookAt - clock.monotonic()), clock, signal);
        if (signal.aborted) break;
        const news = inbox.take();
        const isDue = clock.monotonic() >= lookAt;
        if (isDue || news.people) {
          const now = await needs.sessions.find(token, { touch: false });
          if (now === undefined || now.suspended) {
            yield event('bye', { reason: 'signed_out' });
            return;
          }
          // What the new role may see differs.
          if (now.role !== who.role) yield await hello(now);
          who = now;
        }
        if (isDue) lookAt = clock.monotonic() + HEARTBEAT_MS;
        const text = await told(who, news);
        yield text === '' ? ': \n\n' : text;
      }
      yield event('bye', { reason: 'stopping' });
    } finally {
      leave();
      inbox.stop();
    }
  }

  async function hello(who: Signed): Promise<string> {
    const devices = (await needs.keeping.list(who)).map((one) => deviceData.parse(shown(one)));
    return event('hello', { devices, subscription: await subscription(who) });
  }

  async function subscription(who: Signed) {
    const view = await needs.quotas.current({ id: who.accountId, time_zone: who.timeZone });
    return view && subscriptionData.parse(shown(view));
  }

  async function told(who: Signed, news: News): Promise<string> {
    const parts: string[] = [];
    for (const id of news.devices) {
      const device = await orUndefined(needs.keeping.find(who, id));
      parts.push(
        device === undefined ? event('device_removed', { id }) : event('device', deviceData.parse(shown(device))),
      );
    }
    if (news.messages.size > MOST_MESSAGES) parts.push(event('messages', { look_again: true }));
    else
      for (const id of news.messages) {
        const message = await orUndefined(needs.history.find(who.accountId, id));
        if (message !== undefined) parts.push(event('message', messageData.parse(shown(message))));
      }
    for (const id of news.inboxes) parts.push(event('inbox', { device_id: id }));
    for (const [id, deviceId] of news.webhooks) parts.push(event('webhook', { id, device_id: deviceId }));
    if (news.subscription) parts.push(event('subscription', await subscription(who)));
    return parts.join('');
  }

  return {
    async open(who, sessionToken, signal) {
      // Left by the signal, too: a page that was left before its stream was begun never comes to its end.
      const leave = places.take(who.userId, signal);
      if (leave === undefined) throw failure('rate_limited', { seconds: 10 }, { retryAfter: 10 });
      return Readable.from(tell(who, sessionToken, signal, leave));
    },
  };
}

const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

const orUndefined = <T>(finding: Promise<T>): Promise<T | undefined> =>
  finding.catch((error) => {
    if (isFailure(error, 'not_found')) return undefined;
    throw error;
  });

/** What happened in an account since it was taken last. */
function gather(events: Pick<EventBus, 'on'>, { accountId, userId }: Signed) {
  let news = nothing();
  let ring: (() => void) | undefined;
  const note = (change: () => void) => {
    change();
    ring?.();
  };
  const mine = (event: { readonly accountId: number }) => event.accountId === accountId;
  const offs = [
    events.on('device.changed', (e) => mine(e) && note(() => news.devices.add(e.deviceId))),
    events.on('device.health', (e) => mine(e) && note(() => news.devices.add(e.deviceId))),
    events.on('message.accepted', (e) => mine(e) && note(() => about(e.messageId))),
    events.on('message.changed', (e) => mine(e) && note(() => about(e.messageId))),
    events.on('inbox.changed', (e) => mine(e) && note(() => news.inboxes.add(e.deviceId))),
    events.on('webhook.changed', (e) => mine(e) && note(() => news.webhooks.set(e.webhookId, e.deviceId))),
    events.on('people.changed', (e) => {
      if ((e.accountId !== null && e.accountId !== accountId) || (e.userId !== null && e.userId !== userId)) return;
      note(() => {
        news.people = true;
        news.subscription = true;
      });
    }),
  ];
  function about(messageId: number) {
    news.messages.add(messageId);
    news.subscription = true;
  }
  const isEmpty = () =>
    news.devices.size + news.messages.size + news.inboxes.size + news.webhooks.size === 0 &&
    !news.people &&
    !news.subscription;
  return {
    take(): News {
      const taken = news;
      news = nothing();
      return taken;
    },
    /** Until something happened (and what comes with it was gathered), `ms` have passed, or `signal`. */
    async wait(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
      const timer = new AbortController();
      const either = AbortSignal.any([signal, timer.signal]);
      const pause = (length: number) =>
        clock.sleep(length, either).catch((error) => {
          if (!either.aborted) throw error;
        });
      if (isEmpty()) await Promise.race([pause(ms), new Promise<void>((resolve) => (ring = resolve))]);
      ring = undefined;
      if (!isEmpty() && !news.people) await pause(GATHER_MS);
      timer.abort();
    },
    stop() {
      for (const off of offs) off();
    },
  };
}

const nothing = (): News => ({
  devices: new Set(),
  messages: new Set(),
  inboxes: new Set(),
  webhooks: new Map(),
  subscription: false,
  people: false,
});
