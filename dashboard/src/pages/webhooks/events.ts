import i18next from 'i18next';
import { translate } from '../../parts/failures.ts';

/** What an endpoint can listen to, in the order in which one looks for them. */
export const eventTypes = [
  'message.received',
  'message.status',
  'message.failed',
  'device.status',
  'device.health',
  'quota.warning',
  'webhook.paused',
] as const;
export type EventType = (typeof eventTypes)[number];

/** What a type of event says, in words. */
export function eventText(type: string): string {
  const key = `webhooks:event.${type.replace('.', '_')}`;
  return i18next.exists(key) ? translate(key) : type;
}
