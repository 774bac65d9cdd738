import { live, ready } from './health.ts';
import type { Row } from './row.ts';
import { describeDevice } from './v1/device.ts';
import { eventRows } from './v1/events.ts';
import { groupRows } from './v1/groups.ts';
import { inboxRows, openFile } from './v1/inbox.ts';
import { cancelMessage, findMessage, listMessages } from './v1/messages.ts';
import { replyingRows } from './v1/replying.ts';
import { sendMedia, sendMessage } from './v1/send.ts';
import { webhookRows } from './v1/webhooks.ts';

/** Of a node that only keeps devices. */
export const healthRoutes: typeof routes = [{ prefix: '', rows: [live, ready] }];

/** Every route of the public API by its prefix. The server mounts this table, and `docs/openapi.ts` describes it. */
export const routes: readonly { readonly prefix: string; readonly rows: readonly Row[] }[] = [
  {
    prefix: '/api/v1',
    rows: [
      sendMessage,
      sendMedia,
      describeDevice,
      listMessages,
      findMessage,
      cancelMessage,
      ...replyingRows,
      ...groupRows,
      ...inboxRows,
      ...eventRows,
      ...webhookRows,
    ],
  },
  { prefix: '', rows: [openFile, live, ready] },
];
