import { z } from 'zod';
import { isoMicros } from '../../base/clock.ts';
import type { DeviceDescription, MessageView, SendOutcome } from '../../gateway/contract.ts';
import { noticeCodes } from '../../gateway/health.ts';

/** What the public API shows, and how it is made from what the gateway says. Keys of the contract document come first, in its order. */

const nullableTime = z.string().nullable();

const states = ['queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'expired', 'cancelled'] as const;
export const stateWords = states;
export const statusWords = ['pending', 'sent', 'failed'] as const;

export const sentData = z
  .object({
    message_id: z.string().meta({ description: 'The id of the message at WhatsApp.' }),
    timestamp: z
      .int()
      .meta({ description: 'Unix seconds: WhatsApp’s acknowledgement; while pending: the acceptance.' }),
    id: z.int().meta({ description: 'For GET /messages/{id}.' }),
    recipient: z.string().meta({ description: 'The recipient as it was understood.' }),
    status: z.enum(statusWords),
  })
  .meta({ id: 'SentMessage' });

export const sentView = ({ is, message }: SendOutcome): z.infer<typeof sentData> => ({
  message_id: message.messageId,
  timestamp:
    is === 'sent' && message.serverTime !== null
      ? message.serverTime
      : Math.floor((is === 'sent' ? (message.sentAt ?? message.createdAt) : message.createdAt) / 1000),
  id: message.id,
  recipient: message.recipient,
  status: is,
});

export const priorities = { high: 10, normal: 0, low: -10 } as const;
export const priorityWords = ['high', 'normal', 'low'] as const;
const priorityWord = (priority: number) => (priority > 0 ? 'high' : priority < 0 ? 'low' : 'normal');

export const messageData = z
  .object({
    id: z.int(),
    recipient: z.string(),
    message: z.string().meta({ description: 'The text; of media, the caption.' }),
    status: z.enum(statusWords).meta({
      description: 'pending: accepted, not yet acknowledged. sent: acknowledged by WhatsApp, or later. failed.',
    }),
    created_at: z.string(),
    sent_at: nullableTime,
    message_id: z.string().meta({ description: 'The id of the message at WhatsApp.' }),
    type: z.enum(['text', 'image', 'video', 'audio', 'document', 'media']),
    state: z.enum(states).meta({ description: 'Finer than status.' }),
    waiting_for: z
      .enum(['pacing', 'device_offline', 'schedule', 'retry'])
      .nullable()
      .meta({ description: 'Why a pending message waits.' }),
    waiting_reason: z.string().nullable().meta({
      description:
        'The finer word. pacing: gap, recipient_gap, per_minute, per_hour, per_day, quiet_hours, new_conversations, or time_lock (WhatsApp lets the number open no new conversations). retry: what failed for now.',
    }),
    waiting_until: nullableTime,
    ref: z.string().nullable().meta({ description: 'Your own id.' }),
    priority: z.enum(priorityWords),
    attempts: z.int(),
    media_url: z.string().nullable(),
    filename: z.string().nullable(),
    scheduled_at: nullableTime,
    expires_at: z.string(),
    delivered_at: nullableTime,
    read_at: nullableTime,
    failed_at: nullableTime,
    error_code: z.string().nullable(),
    error_message: z.string().nullable(),
  })
  .meta({ id: 'Message' });

export const messageView = (m: MessageView): z.infer<typeof messageData> => ({
  id: m.id,
  recipient: m.recipient,
  message: m.message,
  status: m.status,
  created_at: isoMicros(m.createdAt),
  sent_at: isoMicros(m.sentAt),
  message_id: m.messageId,
  type: m.type,
  state: m.state,
  waiting_for: m.waitingFor,
  waiting_reason: m.waitingReason,
  waiting_until: isoMicros(m.waitingUntil),
  ref: m.ref,
  priority: priorityWord(m.priority),
  attempts: m.attempts,
  media_url: m.mediaUrl,
  filename: m.filename,
  scheduled_at: isoMicros(m.scheduledAt),
  expires_at: isoMicros(m.expiresAt),
  delivered_at: isoMicros(m.deliveredAt),
  read_at: isoMicros(m.readAt),
  failed_at: isoMicros(m.failedAt),
  error_code: m.errorCode,
  error_message: m.errorMessage,
});

export const paginationData = z
  .object({ current_page: z.int(), total_pages: z.int(), per_page: z.int(), total: z.int() })
  .meta({ id: 'Pagination' });

export const deviceData = z
  .object({
    device: z.object({
      id: z.int(),
      name: z.string(),
      phone_number: z.string().nullable().meta({ description: 'null until paired.' }),
      status: z.enum(['connected', 'connecting', 'pairing', 'disconnected', 'logged_out', 'suspended']),
      connected_at: nullableTime,
      last_seen: nullableTime,
      kind: z.enum(['whatsapp', 'sandbox']),
      lid: z.string().nullable(),
      status_reason: z
        .string()
        .nullable()
        .meta({ description: 'A sentence for people, where the status does not say enough.' }),
    }),
    user: z.object({ name: z.string(), email: z.string() }),
    subscription: z
      .object({
        package: z.string(),
        message_quota: z.int(),
        message_remaining: z.int(),
        device_limit: z.int(),
        end_date: z.string(),
        is_trial: z.boolean(),
      })
      .nullable()
      .meta({ description: 'null when the account has none.' }),
    statistics: z.object({ total_sent: z.int(), total_failed: z.int(), today_sent: z.int() }),
    health: z
      .object({
        status: z.enum(['ok', 'warning', 'critical']),
        notices: z.array(
          z.object({
            code: z.enum(noticeCodes),
            level: z.enum(['warning', 'critical']),
            message: z.string(),
            until: nullableTime,
          }),
        ),
        ack_latency_ms: z.object({ p50: z.int(), p95: z.int() }).nullable(),
        last_ack_at: nullableTime,
        phone_seen_at: nullableTime.meta({
          description: 'WhatsApp unlinks a device whose phone stays offline for 14 days.',
        }),
        stalls: z
          .int()
          .meta({ description: 'Restarted connections in the last hour, because nothing was acknowledged.' }),
      })
      .meta({ description: 'What is wrong with the device, or soon will be.' }),
  })
  .meta({ id: 'DeviceDescription' });

export const deviceView = ({
  device,
  user,
  subscription,
  statistics,
  health,
}: DeviceDescription): z.infer<typeof deviceData> => ({
  device: {
    id: device.id,
    name: device.name,
    phone_number: device.phoneNumber,
    status: device.status,
    connected_at: isoMicros(device.connectedAt),
    last_seen: isoMicros(device.lastSeen),
    kind: device.kind,
    lid: device.lid,
    status_reason: device.statusReason,
  },
  user: { name: user.name, email: user.email },
  subscription: subscription && {
    package: subscription.package,
    message_quota: subscription.messageQuota,
    message_remaining: subscription.messageRemaining,
    device_limit: subscription.deviceLimit,
    end_date: subscription.endDate,
    is_trial: subscription.isTrial,
  },
  statistics: {
    total_sent: statistics.totalSent,
    total_failed: statistics.totalFailed,
    today_sent: statistics.todaySent,
  },
  health: {
    status: health.status,
    notices: health.notices.map(({ code, level, message, until }) => ({
      code,
      level,
      message,
      until: isoMicros(until),
    })),
    ack_latency_ms: health.ackLatencyMs,
    last_ack_at: isoMicros(health.lastAckAt),
    phone_seen_at: isoMicros(health.phoneSeenAt),
    stalls: health.stalls,
  },
});
