import type { BinaryNode, WASocket } from 'baileys';
import type { WebSocket } from 'ws';
import { asError } from '../base/errors.ts';
import { closing } from './thrown.ts';

/**
 * What a Baileys socket lacks to live in a process with hundreds of others (protocol facts 0.7, 0.8, 0.9, 11). Each part leans on
 * how rc14 is built; test/link/ fails when an upgrade changes it.
 */
type Sock = Pick<WASocket, 'ws' | 'end'>;

/** How long to wait for the peer's close frame; a frozen peer never sends one, and ws itself waits 30 s. */
const CLOSE_GRACE_MS = 1_000;

/**
 * Baileys' own listeners are async functions that nobody awaits: a frame that cannot be decrypted, a hostile stanza, or a write on
 * a socket that has just closed is an unhandledRejection, which ends the process. `onFrame`: the stream itself is broken.
 */
export function guardListeners({ ws }: Sock, onFrame: (error: Error) => void, onStanza: (error: Error) => void): void {
  for (const name of ws.eventNames()) {
    const report = name === 'message' ? onFrame : onStanza;
    for (const listener of ws.listeners(name)) {
      ws.off(name, listener as (...args: unknown[]) => void);
      ws.on(name, (...args: unknown[]) => {
        try {
          const result: unknown = listener.apply(ws, args);
          if (result instanceof Promise) result.catch((error) => report(asError(error)));
        } catch (error) {
          report(asError(error));
        }
      });
    }
  }
}

/** An HTTP answer in the place of the upgrade: Baileys forwards the event and so disables ws's own error, and then waits for ever. */
export function closeOnRefusal({ ws, end }: Sock): void {
  ws.on('unexpected-response', (_request: unknown, response: { statusCode?: number; resume(): void }) => {
    response.resume();
    void end(closing(503, `WhatsApp answered the connection with HTTP ${response.statusCode ?? 0}.`));
  });
}

/** Makes the socket close within a second. */
export function closeSwiftly({ ws }: Sock): void {
  const { socket } = ws as unknown as { readonly socket: WebSocket | null };
  ws.close = async () => {
    if (!socket || socket.readyState === socket.CLOSED) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.terminate(), CLOSE_GRACE_MS);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.close();
    });
  };
}

/**
 * Rejects the queries of a socket that has ended: Baileys takes away their `close` listeners when it ends by itself, so each would
 * hold its timer and its caller until it times out.
 */
export const releaseQueries = ({ ws }: Pick<WASocket, 'ws'>): void =>
  void ws.emit('error', closing(428, 'Connection Closed'));

/**
 * Messages one after the other, as they came. Baileys waits for the store and for sessions to move before it takes its own turn, so
 * two messages of one chat may overtake each other, and live ones overtake those that still wait in the offline queue
 * (test/link/memory.test.ts: 40 each way). Before `guardListeners`. `hold`: the next ones wait for this.
 */
export function takeInTurn({ ws }: Pick<WASocket, 'ws'>): { hold(until: Promise<void>): void } {
  let tail: Promise<unknown> = Promise.resolve();
  const next = (work: () => unknown): Promise<unknown> => {
    const turn = tail.then(work);
    tail = turn.catch(() => undefined);
    return turn;
  };
  for (const listener of ws.listeners('CB:message')) {
    ws.off('CB:message', listener as (...args: unknown[]) => void);
    // Those that waited offline have a queue of their own already, into which they must go at once.
    ws.on('CB:message', (node: BinaryNode) =>
      node.attrs.offline ? listener.call(ws, node) : next(() => listener.call(ws, node)),
    );
  }
  return { hold: (until) => void next(() => until) };
}

/**
 * Makes Baileys tell of every message that can be opened once and only on the phone. WhatsApp has two words for it; with the second one
 * Baileys confirms the message and tells nobody (messages-recv.js: handleMessage). Before Baileys sees the stanza.
 */
export function tellViewOnce({ ws }: Pick<WASocket, 'ws'>): void {
  ws.prependListener('CB:message', ({ content }: BinaryNode) => {
    if (!Array.isArray(content)) return;
    for (const { tag, attrs } of content)
      if (tag === 'unavailable' && attrs.type === 'view_once_unavailable_fanout') attrs.type = 'view_once';
  });
}

/**
 * Calls `onDrained` when every stanza that waited offline and has arrived until now is worked off. `receivedPendingNotifications`
 * comes earlier: it says that the last one has arrived, and Baileys works on them one after the other. So a stanza goes into the
 * same queue that says so when its turn comes, and is no stanza to Baileys after that.
 */
export function afterOfflineQueue({ ws }: Pick<WASocket, 'ws'>, onDrained: () => void): void {
  const [enqueue] = ws.listeners('CB:receipt');
  const marker: BinaryNode = {
    tag: 'receipt',
    attrs: { id: '', from: '0@s.whatsapp.net', offline: '1' },
    get content(): never {
      onDrained();
      throw new Error('the offline queue is worked off');
    },
  };
  if (enqueue) enqueue.call(ws, marker);
  else onDrained();
}

/** Notices of changed settings that are remembered. */
const SETTINGS_NEWS = 50;

/**
 * WhatsApp tells of changed settings again at each connection until that is confirmed, and Baileys confirms it when it has fetched them. Where
 * WhatsApp does not answer, the next connection would be held up by the same question, and the one after it. `confirm` confirms what was
 * told on this connection: the settings are behind then until they change again, and nothing of ours needs them but the account's name.
 */
export function rememberSettings(
  { ws, sendNode }: Pick<WASocket, 'ws' | 'sendNode'>,
  onFailure: (error: Error) => void,
): { confirm(): void } {
  let told: BinaryNode[] = [];
  ws.on('CB:notification,type:server_sync', (node: BinaryNode) => {
    told = [...told, node].slice(-SETTINGS_NEWS);
  });
  return {
    confirm() {
      for (const { attrs } of told) {
        const confirmed = { id: attrs.id ?? '', to: attrs.from ?? '', class: 'notification', type: 'server_sync' };
        sendNode({ tag: 'ack', attrs: confirmed }).catch((error) => onFailure(asError(error)));
      }
      told = [];
    },
  };
}
