import { forSession, type PanelRow, reader } from './row.ts';

const stream = forSession(reader, {
  method: 'GET',
  path: '/live',
  operation: {
    id: 'panelLive',
    tag: 'Dashboard: live',
    summary: 'Live stream (server-sent events)',
    description:
      'For EventSource. Begins with `hello` (`{"devices": [PanelDevice…], "subscription": Subscription|null}`), then tells `device` (PanelDevice: state, QR with its end, health), `device_removed` (`{"id"}`), `message` (PanelMessage), `messages` (`{"look_again": true}`: more changed than are told one by one), `inbox` (`{"device_id"}`: a conversation of this device shows something else), `webhook` (`{"id", "device_id"}`: it was changed, paused or deleted), `subscription` (Subscription|null). A comment every 20 s keeps it alive. It ends (`bye`, `{"reason": "signed_out"|"stopping"}`) with the session and when the server stops; EventSource connects again by itself after 2 s, and `hello` brings it up to date: nothing else is replayed. QR texts go only to roles that may link.',
  },
  produces: 'text/event-stream',
  failures: ['rate_limited'],
  handle: async ({ who, sessionToken, signal }, { live }) => ({
    stream: { content: await live.open(who, sessionToken ?? '', signal), type: 'text/event-stream; charset=utf-8' },
  }),
});

export const liveRows: readonly PanelRow[] = [stream];
