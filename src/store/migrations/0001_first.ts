import type { Columns } from '../dialect.ts';

const flag = (name: string) => `check (${name} in (0, 1))`;

/** People, packages, devices, what a device remembers, messages. `schema.ts` says what the columns mean. */
export const statements = ({ id, int, bytes, end }: Columns): readonly string[] => [
  `create table account (
    id ${id},
    name text not null,
    time_zone text not null,
    language text not null check (language in ('id', 'en')),
    is_admin ${int} not null ${flag('is_admin')},
    suspended_at ${int},
    created_at ${int} not null
  ) ${end}`,

  `create table "user" (
    id ${id},
    name text not null,
    email text not null unique check (email = lower(email)),
    password_hash text,
    created_at ${int} not null
  ) ${end}`,

  `create table membership (
    account_id ${int} not null references account (id) on delete cascade,
    user_id ${int} not null references "user" (id) on delete cascade,
    role text not null check (role in ('owner', 'admin', 'operator', 'viewer')),
    primary key (account_id, user_id)
  ) ${end}`,
  'create index membership_user on membership (user_id)',

  `create table sign_in_link (
    token_hash ${bytes} primary key,
    user_id ${int} not null references "user" (id) on delete cascade,
    created_at ${int} not null,
    expires_at ${int} not null,
    used_at ${int}
  ) ${end}`,
  'create index sign_in_link_user on sign_in_link (user_id)',

  `create table session (
    token_hash ${bytes} primary key,
    user_id ${int} not null,
    account_id ${int} not null,
    created_at ${int} not null,
    seen_at ${int} not null,
    expires_at ${int} not null,
    foreign key (account_id, user_id) references membership (account_id, user_id) on delete cascade
  ) ${end}`,
  'create index session_by_user on session (user_id)',

  `create table package (
    id ${id},
    name text not null unique,
    message_quota ${int} not null check (message_quota >= 0),
    device_limit ${int} not null check (device_limit >= 0),
    days ${int} not null check (days > 0),
    price_idr ${int} not null check (price_idr >= 0),
    is_trial ${int} not null ${flag('is_trial')},
    rate_limit_per_minute ${int} check (rate_limit_per_minute > 0),
    archived_at ${int},
    created_at ${int} not null
  ) ${end}`,

  `create table subscription (
    id ${id},
    account_id ${int} not null references account (id) on delete cascade,
    package_id ${int} not null references package (id),
    message_quota ${int} not null check (message_quota >= 0),
    device_limit ${int} not null check (device_limit >= 0),
    rate_limit_per_minute ${int} check (rate_limit_per_minute > 0),
    is_trial ${int} not null ${flag('is_trial')},
    used ${int} not null default 0 check (used >= 0 and used <= message_quota),
    starts_at ${int} not null,
    ends_at ${int} not null check (ends_at > starts_at),
    suspended_at ${int},
    created_at ${int} not null,
    unique (account_id, id)
  ) ${end}`,

  `create table device (
    id ${id},
    account_id ${int} not null references account (id) on delete cascade,
    name text not null,
    kind text not null check (kind in ('whatsapp', 'sandbox')),
    phone text,
    lid text,
    push_name text,
    default_country text not null,
    settings text not null,
    enabled ${int} not null ${flag('enabled')},
    state text not null,
    state_reason text,
    connected_at ${int},
    last_seen ${int},
    token_hash ${bytes} unique,
    token_prefix text,
    token_last4 text,
    token_created_at ${int},
    token_used_at ${int},
    suspended_at ${int},
    deleted_at ${int},
    created_at ${int} not null,
    unique (account_id, id),
    check (deleted_at is null or (token_hash is null and enabled = 0))
  ) ${end}`,

  `create table device_lease (
    device_id ${int} primary key references device (id) on delete cascade,
    node text not null,
    epoch ${int} not null check (epoch > 0),
    expires_at ${int} not null
  ) ${end}`,

  `create table device_creds (
    device_id ${int} primary key references device (id) on delete cascade,
    sealed_creds ${bytes} not null,
    updated_at ${int} not null
  ) ${end}`,

  `create table device_key (
    device_id ${int} not null references device (id) on delete cascade,
    type text not null,
    key_id text not null,
    sealed_value ${bytes} not null,
    primary key (device_id, type, key_id)
  ) ${end}`,

  `create table decrypt_journal (
    id ${id},
    device_id ${int} not null references device (id) on delete cascade,
    hash ${bytes} not null check (length(hash) = 32),
    sealed_plaintext ${bytes} not null,
    envelope text,
    created_at ${int} not null,
    surfaced_at ${int},
    unique (device_id, hash)
  ) ${end}`,
  'create index decrypt_journal_unsurfaced on decrypt_journal (device_id, id) where surfaced_at is null',
  'create index decrypt_journal_age on decrypt_journal (created_at)',

  `create table message (
    id ${id},
    account_id ${int} not null,
    device_id ${int} not null,
    subscription_id ${int},
    whatsapp_id text not null,
    recipient text not null,
    chat text not null,
    type text not null check (type in ('text', 'image', 'video', 'audio', 'document', 'media')),
    sealed_body ${bytes} not null,
    state text not null check (state in ('queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'expired', 'cancelled')),
    waiting_for text check (waiting_for in ('pacing', 'device_offline', 'schedule', 'retry')),
    priority ${int} not null,
    show_typing ${int} not null ${flag('show_typing')},
    hold ${int} not null ${flag('hold')},
    ref text,
    attempts ${int} not null check (attempts >= 0),
    due_at ${int} not null,
    expires_at ${int} not null,
    created_at ${int} not null,
    sending_at ${int},
    sent_at ${int},
    server_time ${int},
    delivered_at ${int},
    read_at ${int},
    failed_at ${int},
    error_code text,
    error_message text,
    counted ${int} not null ${flag('counted')},
    unique (device_id, whatsapp_id),
    foreign key (account_id, device_id) references device (account_id, id) on delete cascade,
    foreign key (account_id, subscription_id) references subscription (account_id, id),
    check (counted = 0 or subscription_id is not null),
    check (counted = 1 or subscription_id is null or (attempts = 0 and state in ('failed', 'expired', 'cancelled'))),
    check (state not in ('sending', 'sent', 'delivered', 'read') or attempts > 0)
  ) ${end}`,
  // The claim, the waiting ones, the unknown ones, totals by status.
  'create index message_work on message (device_id, state, priority desc, id, due_at, expires_at)',
  // History, newest first, and its totals.
  'create index message_history on message (device_id, id, created_at)',
  'create index message_recipient on message (device_id, recipient, id)',
  'create index message_ref on message (device_id, ref, id) where ref is not null',
  // First in, first out for each recipient.
  `create index message_open on message (device_id, recipient, id) where state in ('queued', 'sending')`,
  'create index message_sent on message (device_id, sent_at) where sent_at is not null',

  `create table message_proto (
    message_id ${int} primary key references message (id) on delete cascade,
    device_id ${int} not null references device (id) on delete cascade,
    whatsapp_id text not null,
    sealed_proto ${bytes} not null,
    created_at ${int} not null,
    unique (device_id, whatsapp_id)
  ) ${end}`,
  'create index message_proto_age on message_proto (created_at)',

  `create table idempotency (
    device_id ${int} not null references device (id) on delete cascade,
    key text not null,
    request_hash ${bytes} not null,
    message_id ${int} references message (id) on delete set null,
    status ${int},
    answer text,
    created_at ${int} not null,
    primary key (device_id, key)
  ) ${end}`,
  'create index idempotency_age on idempotency (created_at)',
  'create index idempotency_message on idempotency (message_id) where message_id is not null',
];
