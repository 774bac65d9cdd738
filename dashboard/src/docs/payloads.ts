import { received } from './answers.ts';

/** The fields of each event's `data` with their JSON types, in their order. `test/docs` compares them with openapi.json. */
export const payloads = {
  'message.received': {
    id: 'integer',
    message_id: 'string',
    direction: '"in" | "out"',
    chat: 'string',
    chat_id: 'string',
    is_group: 'boolean',
    from: 'string',
    from_phone: 'string | null',
    from_lid: 'string | null',
    push_name: 'string | null',
    offline: 'boolean',
    type: 'string',
    text: 'string | null',
    refers_to: 'string | null',
    media: 'object | null',
    'media.mimetype': 'string | null',
    'media.filename': 'string | null',
    'media.bytes': 'integer | null',
    'media.seconds': 'integer | null',
    'media.width': 'integer | null',
    'media.height': 'integer | null',
    'media.path': 'string',
    location: 'object | null',
    'location.latitude': 'number',
    'location.longitude': 'number',
    'location.name': 'string | null',
    'location.address': 'string | null',
    contacts: 'array | null',
    'contacts[].name': 'string',
    'contacts[].vcard': 'string',
    poll_options: 'array | null',
    poll_vote: 'array | null',
    opt_out: 'boolean',
    timestamp: 'integer',
    received_at: 'string',
  },
  'message.status': {
    id: 'integer',
    message_id: 'string',
    recipient: 'string',
    type: 'string',
    ref: 'string | null',
    created_at: 'string',
    at: 'string | null',
    status: '"sent" | "delivered" | "read"',
  },
  'message.failed': {
    id: 'integer',
    message_id: 'string',
    recipient: 'string',
    type: 'string',
    ref: 'string | null',
    created_at: 'string',
    at: 'string | null',
    status: '"failed" | "expired" | "cancelled"',
    error_code: 'string | null',
    error_message: 'string | null',
  },
  'device.status': {
    status: '"connected" | "connecting" | "pairing" | "disconnected" | "logged_out"',
    reason: 'string | null',
  },
  'device.health': {
    status: '"ok" | "warning" | "critical"',
    notices: 'array',
    'notices[].code':
      '"time_lock" | "capping" | "phone_offline" | "slow_acks" | "stalled" | "store" | "outdated" | "down"',
    'notices[].level': '"warning" | "critical"',
    'notices[].message': 'string',
    'notices[].until': 'string | null',
  },
  'quota.warning': {
    percent: 'integer',
    message_quota: 'integer',
    message_used: 'integer',
    message_remaining: 'integer',
    ends_at: 'string',
  },
  'webhook.paused': {
    webhook_id: 'integer',
    url: 'string',
    reason: 'string',
    failing_since: 'string',
  },
  'webhook.test': {
    message: 'string',
    webhook_id: 'integer',
  },
} as const;
export type PayloadType = keyof typeof payloads;

const event = (type: PayloadType, data: object) => ({ ...received, type, data });
const sent = {
  id: 1042,
  message_id: '3EB0CABA1D0D7BFC2500',
  recipient: '628123456789',
  type: 'text',
  ref: 'invoice-1042',
  created_at: '2025-12-11T19:59:58.000000Z',
};

/** One whole body of each. */
export const payloadExamples: Readonly<Record<PayloadType, object>> = {
  'message.received': received,
  'message.status': event('message.status', { ...sent, status: 'delivered', at: '2025-12-11T20:00:00.000000Z' }),
  'message.failed': event('message.failed', {
    ...sent,
    status: 'failed',
    at: '2025-12-11T20:00:00.000000Z',
    error_code: 'number_not_registered',
    error_message:
      'Number 628123456789 is not registered on WhatsApp. Please check the number or ask the recipient to activate their WhatsApp account.',
  }),
  'device.status': event('device.status', { status: 'connected', reason: null }),
  'device.health': event('device.health', {
    status: 'warning',
    notices: [
      {
        code: 'phone_offline',
        level: 'warning',
        message: 'The phone has been offline for 10 days. After 14 days WhatsApp unlinks the device.',
        until: null,
      },
    ],
  }),
  'quota.warning': event('quota.warning', {
    percent: 80,
    message_quota: 1000,
    message_used: 800,
    message_remaining: 200,
    ends_at: '2025-12-31T17:00:00.000000Z',
  }),
  'webhook.paused': event('webhook.paused', {
    webhook_id: 2,
    url: 'https://example.com/old',
    reason: 'HTTP 503',
    failing_since: '2025-12-06T20:00:00.000000Z',
  }),
  'webhook.test': event('webhook.test', { message: 'This is a test of your webhook.', webhook_id: 1 }),
};
