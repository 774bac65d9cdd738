import { z } from 'zod';
import { noticeCodes } from '../../gateway/health.ts';
import { languageWords, roleWords } from './fields.ts';

/** What the dashboard is shown. Nothing leaves the server that has no name here. Times are ISO 8601, UTC. */

export const time = z.string();
export const maybeTime = z.string().nullable();

export const subscriptionData = z
  .object({
    id: z.int(),
    package_id: z.int(),
    package: z.string(),
    message_quota: z.int(),
    used: z.int(),
    remaining: z.int(),
    device_limit: z.int(),
    devices: z.int().meta({ description: 'In use.' }),
    rate_limit_per_minute: z.int().nullable(),
    is_trial: z.boolean(),
    starts_at: time,
    ends_at: time,
    end_date: z.string().meta({ description: 'The last day, in the account’s time zone.' }),
    state: z.enum(['running', 'ended', 'suspended', 'upcoming']),
    warning: z
      .enum(['quota_80', 'quota_100', 'ends_soon', 'ended', 'suspended'])
      .nullable()
      .meta({ description: 'The gravest. ends_soon: within 7 days.' }),
  })
  .meta({ id: 'Subscription' });

export const meData = z
  .object({
    user: z.object({
      id: z.int(),
      name: z.string(),
      email: z.string(),
      language: z.enum(languageWords).nullable().meta({ description: 'null: the browser’s.' }),
      has_password: z.boolean(),
      has_totp: z.boolean(),
    }),
    account: z.object({
      id: z.int(),
      name: z.string(),
      time_zone: z.string(),
      role: z.enum(roleWords),
      is_admin: z
        .boolean()
        .meta({ description: 'The account that administers this server: shows the admin pages to owner and admin.' }),
      suspended: z.boolean(),
    }),
    accounts: z
      .array(z.object({ id: z.int(), name: z.string(), role: z.enum(roleWords) }))
      .meta({ description: 'All accounts this person belongs to; POST /me/account changes over.' }),
    needs: z
      .array(z.enum(['email', 'password']))
      .meta({ description: 'What the first sign-in still asks for: a real address, a password.' }),
    may_set_password: z.boolean().meta({
      description: 'PUT /me/password needs no current password: there is none, or a one-time link was used just now.',
    }),
    subscription: subscriptionData.nullable(),
  })
  .meta({ id: 'Me' });

export const browserData = z
  .object({
    id: z.string(),
    current: z.boolean(),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    created_at: time,
    seen_at: time,
    expires_at: time,
  })
  .meta({ id: 'BrowserSession' });

export const memberData = z
  .object({
    id: z.int(),
    name: z.string(),
    email: z.string(),
    role: z.enum(roleWords),
    has_totp: z.boolean(),
    you: z.boolean(),
  })
  .meta({ id: 'Member' });

export const invitationData = z
  .object({
    id: z.int(),
    email: z.string(),
    role: z.enum(roleWords),
    created_at: time,
    expires_at: time,
    invited_by: z.string().nullable(),
  })
  .meta({ id: 'Invitation' });

export const healthData = z
  .object({
    status: z.enum(['ok', 'warning', 'critical']),
    notices: z.array(
      z.object({
        code: z.enum(noticeCodes),
        level: z.enum(['warning', 'critical']),
        message: z.string(),
        until: maybeTime,
      }),
    ),
    ack_latency_ms: z.object({ p50: z.int(), p95: z.int() }).nullable(),
    last_ack_at: maybeTime,
    phone_seen_at: maybeTime,
    stalls: z.int(),
  })
  .meta({ id: 'DeviceHealth' });

const statusWords = ['connected', 'connecting', 'pairing', 'disconnected', 'logged_out', 'suspended'] as const;

export const liveData = z
  .object({
    status: z.enum(statusWords),
    reason: z.string().nullable().meta({
      description:
        'A stable word to translate by: qr_expired, passkey_required, logged_out, replaced, conflict, banned, banned_for_now, locked, outdated, mismatch, unreadable, connection_lost, degraded, …; null: none.',
    }),
    message: z.string().nullable().meta({ description: 'The same as an English sentence.' }),
    caught_up: z.boolean().meta({ description: 'Connected, and what waited while offline has come through.' }),
    retry_at: maybeTime.meta({ description: 'It tries again by itself then.' }),
    linking: z.boolean().meta({ description: 'Somebody asked for it to be linked.' }),
    qr: z
      .object({ text: z.string(), expires_at: time })
      .nullable()
      .meta({ description: 'Only for roles that may link (owner, admin).' }),
  })
  .meta({ id: 'DeviceLive' });

export const pacingData = z
  .object({
    enabled: z.boolean(),
    gap_ms: z.array(z.int()).meta({ description: 'Shortest and longest.' }),
    recipient_gap_ms: z.int(),
    per_minute: z.int(),
    per_hour: z.int(),
    per_day: z.int(),
    new_conversations_per_day: z.int(),
    new_conversations_first_day: z.int(),
    warm_up_days: z.int(),
    quiet_hours: z.object({ from: z.string(), to: z.string() }).nullable(),
  })
  .meta({ id: 'Pacing' });

export const deviceData = z
  .object({
    id: z.int(),
    name: z.string(),
    kind: z.enum(['whatsapp', 'sandbox']),
    phone_number: z.string().nullable(),
    push_name: z.string().nullable(),
    default_country: z.string(),
    enabled: z.boolean().meta({ description: 'The gateway keeps it connected.' }),
    linked: z.boolean().meta({ description: 'It was linked to a phone and can be connected again.' }),
    suspended: z.boolean(),
    live: liveData,
    health: healthData,
    token: z
      .object({ prefix: z.string(), last4: z.string(), created_at: time, used_at: maybeTime })
      .nullable()
      .meta({ description: 'null: none was made.' }),
    connected_at: maybeTime,
    last_seen_at: maybeTime,
    created_at: time,
  })
  .meta({ id: 'PanelDevice' });

export const deviceDetailData = deviceData
  .extend({
    pacing: pacingData.meta({ description: 'What is in force.' }),
    pacing_own: z
      .array(z.string())
      .meta({ description: 'Keys of pacing that were set for this device; the others are the defaults.' }),
    pacing_defaults: pacingData,
  })
  .meta({ id: 'PanelDeviceDetail' });

export const stateWords = ['queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'expired', 'cancelled'] as const;

export const messageData = z
  .object({
    id: z.int(),
    device_id: z.int(),
    device_name: z.string(),
    message_id: z.string().meta({ description: 'At WhatsApp.' }),
    recipient: z.string(),
    type: z.enum(['text', 'image', 'video', 'audio', 'document', 'media']),
    message: z.string().meta({ description: 'Text, or caption of media.' }),
    media_url: z.string().nullable(),
    filename: z.string().nullable(),
    status: z.enum(['pending', 'sent', 'failed']),
    state: z.enum(stateWords),
    waiting_for: z.enum(['pacing', 'device_offline', 'schedule', 'retry']).nullable(),
    waiting_reason: z.string().nullable(),
    waiting_until: maybeTime,
    ref: z.string().nullable(),
    priority: z.enum(['high', 'normal', 'low']),
    attempts: z.int(),
    scheduled_at: maybeTime,
    expires_at: time,
    created_at: time,
    sending_at: maybeTime,
    sent_at: maybeTime,
    delivered_at: maybeTime,
    read_at: maybeTime,
    failed_at: maybeTime,
    error_code: z.string().nullable(),
    error_message: z.string().nullable(),
    may_cancel: z.boolean(),
    may_send_again: z.boolean().meta({ description: 'False: it was an upload, whose file is not kept.' }),
  })
  .meta({ id: 'PanelMessage' });

export const packageData = z
  .object({
    id: z.int(),
    name: z.string(),
    message_quota: z.int(),
    device_limit: z.int(),
    days: z.int(),
    price_idr: z.int(),
    is_trial: z.boolean(),
    rate_limit_per_minute: z.int().nullable(),
    archived: z.boolean(),
    created_at: time,
  })
  .meta({ id: 'Package' });

export const purchaseData = z
  .object({
    id: z.int(),
    account_id: z.int(),
    account: z.string(),
    package_id: z.int(),
    package: z.string(),
    price_idr: z.int(),
    asked_by: z.string().nullable(),
    note: z.string(),
    state: z.enum(['pending', 'approved', 'declined', 'withdrawn']),
    answer: z.string().nullable(),
    created_at: time,
    decided_at: maybeTime,
  })
  .meta({ id: 'Purchase' });

export const auditData = z
  .object({
    id: z.int(),
    at: time,
    kind: z
      .string()
      .meta({ description: 'Such as sign_in, sign_in.failed, token.issued, device.deleted, export, admin.viewed.' }),
    account_id: z.int().nullable(),
    account: z.string().nullable(),
    user: z.string().nullable().meta({ description: 'E-mail; null: nobody who was signed in.' }),
    subject: z.string().nullable().meta({ description: 'What it was done to, such as device 3.' }),
    address: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry' });

export const settingsData = z
  .object({
    name: z.string().meta({ description: 'Of this installation.' }),
    sign_up: z.enum(['open', 'closed']),
    sign_up_package_id: z
      .int()
      .nullable()
      .meta({ description: 'What a new account begins with; null: the first trial.' }),
    bank_transfer: z.string().meta({ description: 'How to pay, shown beside the packages.' }),
  })
  .meta({ id: 'InstallationSettings' });

export const accountData = z
  .object({
    id: z.int(),
    name: z.string(),
    owner: z.string().nullable().meta({ description: 'E-mail.' }),
    is_admin: z.boolean(),
    suspended_at: maybeTime,
    created_at: time,
    devices: z.int(),
    subscription: subscriptionData.nullable(),
  })
  .meta({ id: 'AdminAccount' });

export const bubbleData = z
  .object({
    id: z.string().meta({ description: 'The message’s id at WhatsApp.' }),
    from: z.enum(['device', 'contact']),
    text: z.string().nullable(),
    media: z.object({ kind: z.string(), name: z.string().nullable(), mimetype: z.string().nullable() }).nullable(),
    at: time,
    ticks: z
      .enum(['sent', 'delivered', 'read'])
      .nullable()
      .meta({ description: 'Of what the device sent; null for what the contact wrote.' }),
    message_id: z.int().nullable().meta({ description: 'In the history.' }),
  })
  .meta({ id: 'Bubble' });

export const conversationData = z
  .object({
    number: z.string(),
    name: z.string().nullable(),
    manner: z.string().nullable().meta({ description: 'For the numbers with fixed manners.' }),
    unread: z.int().meta({ description: 'What the contact has not read.' }),
    last: bubbleData.nullable(),
  })
  .meta({ id: 'SandboxConversation' });
