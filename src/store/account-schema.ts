import type { Generated } from 'kysely';
import type { Flag } from './schema.ts';

/** Who uses the installation, what they may and what they bought. The conventions are those of `schema.ts`. */
type Ms = number;
type Bytes = Uint8Array;

export interface AccountTables {
  account: AccountTable;
  user: UserTable;
  membership: MembershipTable;
  sign_in_link: SignInLinkTable;
  session: SessionTable;
  package: PackageTable;
  subscription: SubscriptionTable;
  recovery_code: RecoveryCodeTable;
  invitation: InvitationTable;
  purchase: PurchaseTable;
  setting: SettingTable;
  audit: AuditTable;
}

/** A tenant. */
export interface AccountTable {
  id: Generated<number>;
  name: string;
  time_zone: string;
  language: 'id' | 'en';
  is_admin: Flag;
  suspended_at: Ms | null;
  /** Messages, received ones and their files are removed after so many days; null: never. */
  retention_days: Generated<number | null>;
  created_at: Ms;
}

/** A person who signs in; may belong to several accounts. */
export interface UserTable {
  id: Generated<number>;
  name: string;
  /** Lower case, unique. */
  email: string;
  password_hash: string | null;
  /** Null: the browser's. */
  language: 'id' | 'en' | null;
  /** Secret of the authenticator app; in force when it is confirmed. */
  sealed_totp: Bytes | null;
  totp_confirmed_at: Ms | null;
  /** The newest time step whose code was taken: no code works twice. */
  totp_step: number | null;
  created_at: Ms;
}

/** Stands in for the authenticator app, once. */
export interface RecoveryCodeTable {
  user_id: number;
  /** Keyed hash. */
  code_hash: Bytes;
  used_at: Ms | null;
}

export type Role = 'owner' | 'admin' | 'operator' | 'viewer';
export interface MembershipTable {
  account_id: number;
  user_id: number;
  role: Role;
}

export interface SignInLinkTable {
  /** Keyed hash of the link's token; primary key. */
  token_hash: Bytes;
  user_id: number;
  /** `operator`: made on the server itself, so that it stands in for the second factor, too. */
  purpose: Generated<'operator' | 'mail'>;
  created_at: Ms;
  expires_at: Ms;
  used_at: Ms | null;
}

/** A browser that is signed in. */
export interface SessionTable {
  token_hash: Bytes;
  user_id: number;
  account_id: number;
  created_at: Ms;
  seen_at: Ms;
  expires_at: Ms;
  /** How it began. */
  via: Generated<'password' | 'link'>;
  address: string | null;
  user_agent: string | null;
}

/** Open until `ended_at`: accepted or withdrawn. One open for each address and account. */
export interface InvitationTable {
  id: Generated<number>;
  account_id: number;
  email: string;
  role: Role;
  token_hash: Bytes;
  invited_by: number | null;
  created_at: Ms;
  expires_at: Ms;
  ended_at: Ms | null;
}

export type PurchaseState = 'pending' | 'approved' | 'declined' | 'withdrawn';
/** An account asks for a package; an administrator decides. */
export interface PurchaseTable {
  id: Generated<number>;
  account_id: number;
  package_id: number;
  /** The price when it was asked for. */
  price_idr: number;
  user_id: number | null;
  note: string;
  state: PurchaseState;
  answer: string | null;
  /** What the approval assigned. */
  subscription_id: number | null;
  created_at: Ms;
  decided_at: Ms | null;
  decided_by: number | null;
}

/** Of the installation: set in the dashboard. */
export interface SettingTable {
  name: string;
  value: string;
  changed_at: Ms;
}

export interface AuditTable {
  id: Generated<number>;
  at: Ms;
  kind: string;
  account_id: number | null;
  user_id: number | null;
  /** Who it was, also when the user is gone; of a failed sign-in, the address that was tried. */
  email: string | null;
  subject: string | null;
  address: string | null;
}

export interface PackageTable {
  id: Generated<number>;
  /** Unique. */
  name: string;
  message_quota: number;
  device_limit: number;
  days: number;
  price_idr: number;
  is_trial: Flag;
  rate_limit_per_minute: number | null;
  archived_at: Ms | null;
  created_at: Ms;
}

/** What an account may use in a period. The package's figures are copied, so that a changed package alters no running period. */
export interface SubscriptionTable {
  id: Generated<number>;
  account_id: number;
  package_id: number;
  message_quota: number;
  device_limit: number;
  rate_limit_per_minute: number | null;
  is_trial: Flag;
  /** Messages that hold or spent quota: raised in the transaction that accepts one, never above `message_quota` (a check). */
  used: number;
  starts_at: Ms;
  ends_at: Ms;
  suspended_at: Ms | null;
  created_at: Ms;
}
