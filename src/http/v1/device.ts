import { success } from '../envelope.ts';
import { forToken } from '../row.ts';
import { deviceData, deviceView } from './views.ts';

export const describeDevice = forToken({
  method: 'GET',
  path: '/device',
  evenSuspended: true,
  operation: {
    id: 'describeDevice',
    tag: 'Device',
    summary: 'Device, user, subscription and statistics',
    description:
      'The device that the token belongs to: its live status, its owner, what is left of the quota, and figures.',
  },
  answers: {
    200: {
      schema: success(deviceData),
      description: 'The device of this token.',
      example: {
        success: true,
        data: {
          device: {
            id: 1,
            name: 'My WhatsApp',
            phone_number: '6281234567890',
            status: 'connected',
            connected_at: '2025-12-10T10:00:00.000000Z',
            last_seen: '2025-12-11T20:00:00.000000Z',
            kind: 'whatsapp',
            lid: null,
            status_reason: null,
          },
          user: { name: 'John Doe', email: 'john@example.com' },
          subscription: {
            package: 'Trial',
            message_quota: 100,
            message_remaining: 50,
            device_limit: 1,
            end_date: '2025-12-31',
            is_trial: true,
          },
          statistics: { total_sent: 45, total_failed: 5, today_sent: 10 },
          health: {
            status: 'ok',
            notices: [],
            ack_latency_ms: { p50: 180, p95: 420 },
            last_ack_at: '2025-12-11T20:00:00.000000Z',
            phone_seen_at: '2025-12-11T18:30:00.000000Z',
            stalls: 0,
          },
        },
      },
    },
  },
  failures: [],
  async handle({ caller }, { devices }) {
    return { status: 200, body: { success: true, data: deviceView(await devices.describe(caller)) } };
  },
});
