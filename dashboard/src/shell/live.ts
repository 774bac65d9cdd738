import type { QueryKey } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { keyOf } from '../api/ask.ts';
import type { Answer } from '../api/client.ts';
import type { Me, PanelDevice, PanelMessage, Subscription } from '../api/types.ts';
import { askAgain, queries } from '../queries.ts';

interface Hello {
  readonly devices: PanelDevice[];
  readonly subscription: Subscription | null;
}

/** A list that is asked for again at most this often, however much happens. */
const CALM_MS = 1_500;
/** A page that nobody sees for so long gives its line back: without HTTP/2 a browser has six to a server. */
const REST_MS = 30_000;
/** A break that is shorter than this is not told: the stream comes back by itself after 2 s. */
const PATIENCE_MS = 6_000;

const webhookQuestions = [
  'GET /api/panel/webhooks',
  'GET /api/panel/devices/{id}/webhooks/{webhook_id}',
  'GET /api/panel/devices/{id}/webhooks/{webhook_id}/deliveries',
] as const;

/** Listens to the live stream and keeps the cache up to date. Gives whether the stream is there. */
export function useLive(): boolean {
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    let broken: ReturnType<typeof setTimeout> | undefined;
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    const calmly = createCalm();
    const lookAtInbox = () => {
      calmly(['GET /api/panel/inbox'], 250);
      calmly(['GET /api/panel/devices/{id}/chats/{peer}'], 250);
    };
    const lookAtMessages = () => {
      // Also when a list knew the message: another one, with other filters, may have to show it from now on.
      calmly(['GET /api/panel/messages']);
      calmly(['GET /api/panel/usage']);
      calmly(['GET /api/panel/devices/{id}/sandbox']);
      calmly(['GET /api/panel/devices/{id}/sandbox/{number}'], 250);
      lookAtInbox();
    };
    const open = () => {
      source = new EventSource('/api/panel/live');
      source.addEventListener('open', () => {
        clearTimeout(broken);
        broken = undefined;
        setConnected(true);
      });
      source.addEventListener('error', () => {
        broken ??= setTimeout(() => setConnected(false), PATIENCE_MS);
        // Closed for good by the browser (an answer that was no stream): it would not try again by itself.
        if (source?.readyState === EventSource.CLOSED) {
          again = setTimeout(open, PATIENCE_MS);
          calmly(['GET /api/panel/me']);
        }
      });
      const on = <T>(name: string, take: (data: T) => void) =>
        source?.addEventListener(name, (event: MessageEvent<string>) => take(JSON.parse(event.data) as T));
      on<Hello>('hello', ({ devices, subscription }) => {
        queries.setQueryData(keyOf('GET /api/panel/devices'), { success: true, data: devices });
        for (const device of devices) takeDevice(device);
        takeSubscription(subscription);
        calmly(['GET /api/panel/messages']);
        // Told anew when one's role has changed, too.
        calmly(['GET /api/panel/me']);
        lookAtInbox();
      });
      on<PanelDevice>('device', takeDevice);
      on<{ id: number }>('device_removed', ({ id }) => {
        removeDevice(id);
        // How many of the package's devices are in use.
        calmly(['GET /api/panel/me']);
        // What it had queued was cancelled with it, and is told by nothing else.
        calmly(['GET /api/panel/messages']);
        calmly(['GET /api/panel/messages/{id}']);
      });
      on<PanelMessage>('message', (message) => {
        takeMessage(message);
        lookAtMessages();
      });
      // More of them than are told one by one.
      on<unknown>('messages', () => {
        calmly(['GET /api/panel/messages/{id}']);
        lookAtMessages();
      });
      on<unknown>('inbox', lookAtInbox);
      on<unknown>('webhook', () => {
        for (const question of webhookQuestions) calmly([question]);
      });
      on<Subscription | null>('subscription', takeSubscription);
      on<unknown>('bye', () => calmly(['GET /api/panel/me']));
    };
    const close = () => {
      clearTimeout(broken);
      clearTimeout(again);
      broken = undefined;
      source?.close();
      source = undefined;
    };
    let rest: ReturnType<typeof setTimeout> | undefined;
    let hiddenSince: number | undefined;
    const look = () => {
      clearTimeout(rest);
      if (document.visibilityState === 'hidden') {
        hiddenSince ??= Date.now();
        rest = setTimeout(close, REST_MS);
        return;
      }
      // By the clock, too: the timers of a phone that slept did not run, and its line may be dead without a word.
      const rested = hiddenSince !== undefined && Date.now() - hiddenSince > REST_MS;
      hiddenSince = undefined;
      if (source !== undefined && !rested) return;
      close();
      open();
    };
    open();
    look();
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      clearTimeout(rest);
      close();
      calmly.stop();
    };
  }, []);
  return connected;
}

/** Asks again soon, once for many requests. */
function createCalm() {
  const waiting = new Map<string, ReturnType<typeof setTimeout>>();
  const calmly = (queryKey: QueryKey, ms = CALM_MS) => {
    const name = String(queryKey[0]);
    if (waiting.has(name)) return;
    waiting.set(
      name,
      setTimeout(() => {
        waiting.delete(name);
        askAgain(queryKey);
      }, ms),
    );
  };
  calmly.stop = () => {
    for (const timer of waiting.values()) clearTimeout(timer);
    waiting.clear();
  };
  return calmly;
}

function takeDevice(device: PanelDevice): void {
  queries.setQueryData<Answer<'GET /api/panel/devices'>>(keyOf('GET /api/panel/devices'), (before) => {
    if (before === undefined) return before;
    const known = before.data.some(({ id }) => id === device.id);
    const data = known ? before.data.map((one) => (one.id === device.id ? device : one)) : [...before.data, device];
    return { ...before, data };
  });
  queries.setQueryData<Answer<'GET /api/panel/devices/{id}'>>(
    keyOf('GET /api/panel/devices/{id}', { params: { id: String(device.id) } }),
    (before) => (before === undefined ? before : { ...before, data: { ...before.data, ...device } }),
  );
}

export function removeDevice(id: number): void {
  queries.setQueryData<Answer<'GET /api/panel/devices'>>(keyOf('GET /api/panel/devices'), (before) =>
    before === undefined ? before : { ...before, data: before.data.filter((one) => one.id !== id) },
  );
}

function takeMessage(message: PanelMessage): void {
  queries.setQueriesData<Answer<'GET /api/panel/messages'>>({ queryKey: ['GET /api/panel/messages'] }, (before) => {
    // Not `before`: even the same answer would be taken for a new one, and a list that is to be asked for again for fresh.
    if (before === undefined || !before.data.some(({ id }) => id === message.id)) return undefined;
    return { ...before, data: before.data.map((one) => (one.id === message.id ? message : one)) };
  });
  queries.setQueryData<Answer<'GET /api/panel/messages/{id}'>>(
    keyOf('GET /api/panel/messages/{id}', { params: { id: String(message.id) } }),
    (before) => (before === undefined ? before : { ...before, data: message }),
  );
}

function takeSubscription(subscription: Subscription | null): void {
  queries.setQueryData<{ success: true; data: Me }>(keyOf('GET /api/panel/me'), (before) =>
    before === undefined ? before : { ...before, data: { ...before.data, subscription } },
  );
}
