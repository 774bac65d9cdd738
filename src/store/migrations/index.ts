import type { Columns } from '../dialect.ts';
import { statements as first } from './0001_first.ts';
import { statements as dashboard } from './0002_dashboard.ts';
import { statements as paceAndHealth } from './0003_pace_and_health.ts';
import { statements as inboxAndWebhooks } from './0004_inbox_and_webhooks.ts';
import { statements as keysAndPrivacy } from './0005_keys_and_privacy.ts';
import { statements as nodes } from './0006_nodes.ts';
import { statements as number } from './0007_number_online.ts';
import { statements as deliveries } from './0008_deliveries_online.ts';

/**
 * A step of the schema. Once released it never changes; the next change is the next file. `statements` are plain SQL for both
 * databases; what differs comes in `columns`.
 */
export interface Migration {
  /** Ends with `_online` when nodes of the version before can go on beside it: it only adds what they need not know of. */
  readonly name: string;
  readonly statements: (columns: Columns) => readonly string[];
}

/** In order. */
export const migrations: readonly Migration[] = [
  { name: '0001_first', statements: first },
  { name: '0002_dashboard', statements: dashboard },
  { name: '0003_pace_and_health', statements: paceAndHealth },
  { name: '0004_inbox_and_webhooks', statements: inboxAndWebhooks },
  { name: '0005_keys_and_privacy', statements: keysAndPrivacy },
  { name: '0006_nodes', statements: nodes },
  { name: '0007_number_online', statements: number },
  { name: '0008_deliveries_online', statements: deliveries },
];
