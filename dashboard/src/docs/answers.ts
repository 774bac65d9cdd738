import { type FailureCode, failures } from './failures.ts';

/** What the server answers, as in the OpenAPI document; `test/docs` compares the two. */

const sent = { message_id: '3EB0CABA1D0D7BFC2500', timestamp: 1702353600, id: 1, recipient: '628123456789' };
export const textSent = {
  success: true,
  message: 'Message sent successfully',
  data: { ...sent, status: 'sent' },
};
export const mediaSent = {
  success: true,
  message: 'Media message sent successfully',
  data: { ...sent, status: 'sent' },
};
export const pending = {
  success: true,
  message: 'Message accepted and pending',
  data: { ...sent, status: 'pending' },
};

export const deviceFound = {
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
};

const message = {
  id: 1,
  recipient: '628123456789',
  message: 'Hello World',
  status: 'sent',
  created_at: '2025-12-11T20:00:00.000000Z',
  sent_at: '2025-12-11T20:00:05.000000Z',
  message_id: '3EB0CABA1D0D7BFC2500',
  type: 'text',
  state: 'delivered',
  waiting_for: null,
  waiting_reason: null,
  waiting_until: null,
  ref: 'invoice-1042',
  priority: 'normal',
  attempts: 1,
  media_url: null,
  filename: null,
  scheduled_at: null,
  expires_at: '2025-12-12T20:00:00.000000Z',
  delivered_at: '2025-12-11T20:00:06.000000Z',
  read_at: null,
  failed_at: null,
  error_code: null,
  error_message: null,
};
export const messageFound = { success: true, data: message };
export const messagesListed = {
  success: true,
  data: [message],
  pagination: { current_page: 1, total_pages: 5, per_page: 10, total: 45 },
};

/** The body of a webhook. */
export const received = {
  id: 'evt_3Jq0yT7uV5wX1zA2bC4dE6',
  type: 'message.received',
  timestamp: '2025-12-11T20:00:00.512Z',
  device: { id: 1, name: 'My WhatsApp', phone_number: '6281234567890' },
  data: {
    id: 17,
    message_id: '3A5F0C1D2E3B4A596877',
    direction: 'in',
    chat: '628123456789',
    chat_id: '628123456789@s.whatsapp.net',
    is_group: false,
    from: '628123456789',
    from_phone: '628123456789',
    from_lid: '104857600000001@lid',
    push_name: 'Budi',
    offline: false,
    type: 'text',
    text: 'Apakah masih ada?',
    refers_to: null,
    media: null,
    location: null,
    contacts: null,
    poll_options: null,
    poll_vote: null,
    opt_out: false,
    timestamp: 1765483200,
    received_at: '2025-12-11T20:00:00.512000Z',
  },
};

export const REQUEST_ID = 'req_fQ2mZ0aWcV1xYb3d';

export function refusal(
  code: FailureCode,
  facts: Readonly<Record<string, string>> = {},
  errors?: Readonly<Record<string, readonly string[]>>,
) {
  const sentence: string = failures[code][1];
  return {
    success: false,
    message: sentence.replace(/\{(\w+)\}/g, (whole, name: string) => facts[name] ?? whole),
    code,
    request_id: REQUEST_ID,
    ...(errors && { errors }),
  };
}

const phrases: Readonly<Record<number, string>> = {
  400: '400 Bad Request - ',
  401: '401 Unauthorized - ',
  404: '404 Not Found - ',
  409: '409 Conflict - ',
  422: '422 ',
};

/** A failure with the comment above it, as the contract document shows them. */
export const refusalCode = (title: string, ...given: Parameters<typeof refusal>): string =>
  `// ${phrases[failures[given[0]][0]] ?? ''}${title}\n${JSON.stringify(refusal(...given), null, 2)}`;
