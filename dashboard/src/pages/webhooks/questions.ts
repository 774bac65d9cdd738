import { queries } from '../../queries.ts';

const all = [
  'GET /api/panel/webhooks',
  'GET /api/panel/devices/{id}/webhooks/{webhook_id}',
  'GET /api/panel/devices/{id}/webhooks/{webhook_id}/deliveries',
  'GET /api/panel/devices/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}',
] as const;

/** After something was changed: what the pages show of webhooks is asked for again. */
export const lookAgain = () => Promise.all(all.map((question) => queries.invalidateQueries({ queryKey: [question] })));

/** What is still being asked is given up. */
export const stopAsking = () => Promise.all(all.map((question) => queries.cancelQueries({ queryKey: [question] })));
