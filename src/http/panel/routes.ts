import { adminRows } from './admin.ts';
import { deviceRows } from './devices.ts';
import { entranceRows } from './entrance.ts';
import { inboxRows } from './inbox.ts';
import { liveRows } from './live.ts';
import { meRows } from './me.ts';
import { messageRows } from './messages.ts';
import { peopleRows } from './people.ts';
import type { PanelRow } from './row.ts';
import { sandboxRows } from './sandbox.ts';
import { teamRows } from './team.ts';
import { usageRows } from './usage.ts';
import { webhookRows } from './webhooks.ts';

/** Every route of the dashboard. The server mounts this table, `docs/openapi.ts` describes it, and a test walks it. */
export const panel: { readonly prefix: string; readonly rows: readonly PanelRow[] } = {
  prefix: '/api/panel',
  rows: [
    ...entranceRows,
    ...meRows,
    ...teamRows,
    ...peopleRows,
    ...deviceRows,
    ...sandboxRows,
    ...messageRows,
    ...inboxRows,
    ...webhookRows,
    ...usageRows,
    ...liveRows,
    ...adminRows,
  ],
};
