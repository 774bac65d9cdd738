import type { DeliveryRow } from '../../store/index.ts';

/** The body as the endpoint wants it. */
export function payloadOf({ payload }: Pick<DeliveryRow, 'payload'>, format: 'standard' | 'legacy'): string {
  return JSON.stringify(format === 'legacy' ? legacy(payload) : payload);
}

const legacyNames: Readonly<Record<string, string>> = {
  'message.received': 'message',
  'message.status': 'status',
  'message.failed': 'status',
  'device.status': 'device',
  'device.health': 'health',
  'quota.warning': 'quota',
  'webhook.paused': 'webhook',
  'webhook.test': 'test',
};

/** As the first product of this name told it: `{event, data: {from, message, …}}`, with what came since beside it. */
function legacy({ id, type, timestamp, device, data }: DeliveryRow['payload']) {
  const given = data as Readonly<Record<string, unknown>>;
  const older =
    type === 'message.received' ? { from: given.from, message: given.text ?? '', name: given.push_name } : {};
  return {
    event: legacyNames[type] ?? type,
    data: { ...older, device: device.phone_number, device_id: device.id, event_id: id, at: timestamp, ...given },
  };
}
