import type { Columns } from '../dialect.ts';

/** What the dashboard needs: passwords and second factors, invitations, purchases, settings, the audit log, account-wide history. */
export const statements = ({ id, int, bytes, end }: Columns): readonly string[] => [
  `alter table "user" add column language text check (language in ('id', 'en'))`,
  `alter table "user" add column sealed_totp ${bytes}`,
  `alter table "user" add column totp_confirmed_at ${int}`,
  `alter table "user" add column totp_step ${int}`,

  `create table recovery_code (
    user_id ${int} not null references "user" (id) on delete cascade,
    code_hash ${bytes} not null,
    used_at ${int},
    primary key (user_id, code_hash)
  ) ${end}`,

  `alter table sign_in_link add column purpose text not null default 'operator' check (purpose in ('operator', 'mail'))`,

  `alter table session add column via text not null default 'link' check (via in ('password', 'link'))`,
  'alter table session add column address text',
  'alter table session add column user_agent text',

  `create table invitation (
    id ${id},
    account_id ${int} not null references account (id) on delete cascade,
    email text not null check (email = lower(email)),
    role text not null check (role in ('owner', 'admin', 'operator', 'viewer')),
    token_hash ${bytes} not null unique,
    invited_by ${int} references "user" (id) on delete set null,
    created_at ${int} not null,
    expires_at ${int} not null,
    ended_at ${int}
  ) ${end}`,
  'create unique index invitation_open on invitation (account_id, email) where ended_at is null',

  `create table purchase (
    id ${id},
    account_id ${int} not null references account (id) on delete cascade,
    package_id ${int} not null references package (id),
    price_idr ${int} not null check (price_idr >= 0),
    user_id ${int} references "user" (id) on delete set null,
    note text not null,
    state text not null check (state in ('pending', 'approved', 'declined', 'withdrawn')),
    answer text,
    subscription_id ${int} references subscription (id),
    created_at ${int} not null,
    decided_at ${int},
    decided_by ${int} references "user" (id) on delete set null,
    check ((state = 'pending') = (decided_at is null)),
    check ((state = 'approved') = (subscription_id is not null))
  ) ${end}`,
  'create index purchase_account on purchase (account_id, id)',
  `create index purchase_pending on purchase (id) where state = 'pending'`,

  'create index subscription_account on subscription (account_id, id)',

  `create table setting (
    name text primary key,
    value text not null,
    changed_at ${int} not null
  ) ${end}`,

  `create table audit (
    id ${id},
    at ${int} not null,
    kind text not null,
    account_id ${int} references account (id) on delete cascade,
    user_id ${int} references "user" (id) on delete set null,
    email text,
    subject text,
    address text
  ) ${end}`,
  'create index audit_account on audit (account_id, id)',
  'create index audit_kind on audit (kind, id)',

  // The history over all devices of an account, and its figures by day.
  'create index message_account on message (account_id, id)',
  'create index message_failed on message (device_id, failed_at) where failed_at is not null',
];
