import type { Generated } from 'kysely';
import type { InboxTables } from './inbox-schema.ts';

/**
 * The tables, as both databases have them. Portable columns only: ids are integers, times epoch milliseconds (`Ms`), flags 0 or 1,
 * JSON is TEXT, bytes are BLOB or BYTEA. Columns named `sealed_…` are encrypted at rest (`vault.ts`).
 */
type Ms = number;
export type Flag = 0 | 1;
type Bytes = Uint8Array;

export interface Tables extends InboxTables {
  account: AccountTable;
  user: UserTable;
  membership: MembershipTable;
  sign_in_link: SignInLinkTable;
  session: SessionTable;
  package: PackageTable;
  subscription: SubscriptionTable;
  device: DeviceTable;
  device_lease: DeviceLeaseTable;
  device_live: DeviceLiveTable;
  node: NodeTable;
  duty: DutyTable;
  node_call: NodeCallTable;
  rate_window: RateWindowTable;
  device_creds: DeviceCredsTable;
  device_key: DeviceKeyTable;
  decrypt_journal: DecryptJournalTable;
  conversation: ConversationTable;
  message: MessageTable;
  message_proto: MessageProtoTable;
  idempotency: IdempotencyTable;
  master_key: MasterKeyTable;
  opt_out: OptOutTable;
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

export type DeviceKind = 'whatsapp' | 'sandbox';
export interface DeviceTable {
  id: Generated<number>;
  account_id: number;
  name: string;
  kind: DeviceKind;
  /** Digits; null until paired. */
  phone: string | null;
  lid: string | null;
  push_name: string | null;
  default_country: string;
  /** JSON of the device's own settings (pacing, quiet hours). */
  settings: string;
  /** Whether the gateway shall keep it connected. */
  enabled: Flag;
  /** Last known state, for lists and for the time after a start; the live state is asked of the supervisor. */
  state: string;
  /** Why it is in that state, for people. */
  state_reason: string | null;
  connected_at: Ms | null;
  last_seen: Ms | null;
  token_hash: Bytes | null;
  token_prefix: string | null;
  token_last4: string | null;
  token_created_at: Ms | null;
  token_used_at: Ms | null;
  /** When it was linked last: its age decides how fast it may open conversations. */
  linked_at: Ms | null;
  /** The last sign of life of its phone. */
  phone_seen_at: Ms | null;
  /** WhatsApp lets it open no conversations until then (error 463). */
  time_lock_until: Ms | null;
  suspended_at: Ms | null;
  deleted_at: Ms | null;
  /** Number of its last event. */
  event_seq: Generated<number>;
  /** When a live stream followed it last: its events are kept for whoever comes back. */
  followed_at: Ms | null;
  created_at: Ms;
}

/** Which node owns a device. An owner's write is fenced by its epoch. */
export interface DeviceLeaseTable {
  device_id: number;
  node: string;
  epoch: number;
  expires_at: Ms;
}

/** What the owner of a device knows of it at this moment, for the other nodes. */
export interface DeviceLiveTable {
  device_id: number;
  node: string;
  sealed_live: Bytes;
  changed_at: Ms;
}

export type NodeRole = 'all' | 'api' | 'worker';
export interface NodeTable {
  name: string;
  /** Another at each start: two processes under one name notice each other. */
  life: string;
  role: NodeRole;
  version: string;
  /** It hands its devices over and takes none. */
  draining: Flag;
  devices: number;
  memory_mb: number;
  started_at: Ms;
  /** By the database's clock. */
  alive_until: Ms;
}

/** What one node at a time does for all. */
export interface DutyTable {
  name: string;
  node: string;
  expires_at: Ms;
}

/** What one node asks of another. */
export interface NodeCallTable {
  id: string;
  node: string;
  sealed_request: Bytes;
  taken_at: Ms | null;
  sealed_answer: Bytes | null;
  expires_at: Ms;
}

/** Requests of a caller, counted over all nodes. */
export interface RateWindowTable {
  key: string;
  used: number;
  ends_at: Ms;
}

export interface DeviceCredsTable {
  device_id: number;
  sealed_creds: Bytes;
  updated_at: Ms;
}

export interface DeviceKeyTable {
  device_id: number;
  type: string;
  key_id: string;
  sealed_value: Bytes;
}

export interface DecryptJournalTable {
  id: Generated<number>;
  device_id: number;
  /** SHA-256, unique in the device. */
  hash: Bytes;
  sealed_plaintext: Bytes;
  /** JSON of the MessageEnvelope; null when the stanza was not seen. */
  sealed_envelope: Bytes | null;
  /** The same, unsealed, in rows from before it was sealed. */
  envelope: string | null;
  created_at: Ms;
  /** When the message had been surfaced; null: still to do (after a kill). */
  surfaced_at: Ms | null;
}

export type MessageState = 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed' | 'expired' | 'cancelled';
export type MessageType = 'text' | 'image' | 'video' | 'audio' | 'document' | 'media';
export type WaitingFor = 'pacing' | 'device_offline' | 'schedule' | 'retry';

export interface MessageTable {
  id: Generated<number>;
  account_id: number;
  device_id: number;
  /** Null for sandbox devices: they use no quota. */
  subscription_id: number | null;
  /** Drawn before anything is answered or sent; unique in the device. */
  whatsapp_id: string;
  /** As normalised: digits, or a JID of a group, LID or newsletter. */
  recipient: string;
  /** The JID it goes to. */
  chat: string;
  /** `media`: the kind is known only after the download. */
  type: MessageType;
  /** JSON of what was asked for (text, caption, media_url, filename). */
  sealed_body: Bytes;
  state: MessageState;
  waiting_for: WaitingFor | null;
  /** The finer word: which limit of the pacing, or what is tried again. */
  waiting_reason: string | null;
  /** Higher goes first; 0 is ordinary. */
  priority: number;
  show_typing: Flag;
  /** Wait for the device when it is offline. */
  hold: Flag;
  ref: string | null;
  attempts: number;
  /** Not before then: schedule, retry. */
  due_at: Ms;
  expires_at: Ms;
  created_at: Ms;
  sending_at: Ms | null;
  sent_at: Ms | null;
  /** WhatsApp's time of the acknowledgement, Unix seconds. */
  server_time: number | null;
  delivered_at: Ms | null;
  read_at: Ms | null;
  failed_at: Ms | null;
  error_code: string | null;
  error_message: string | null;
  /** 1 while it holds or has spent one of the quota. */
  counted: Flag;
}

export interface ConversationTable {
  device_id: number;
  peer: string;
  opened_by: 'us' | 'them';
  opened_at: Ms;
  /** Since when this person wants no more messages (STOP, BERHENTI, UNSUB). */
  opted_out_at: Ms | null;
}

/** The frozen protobuf: every re-send and every retry receipt is answered with these very bytes. Kept 14 days. */
export interface MessageProtoTable {
  message_id: number;
  device_id: number;
  whatsapp_id: string;
  sealed_proto: Bytes;
  created_at: Ms;
}

/** The first answer to an Idempotency-Key, replayed for 24 hours. */
export interface IdempotencyTable {
  device_id: number;
  key: string;
  request_hash: Bytes;
  message_id: number | null;
  status: number | null;
  sealed_answer: Bytes | null;
  created_at: Ms;
}

/** A master key that values are, or were, sealed with. */
export interface MasterKeyTable {
  /** 1 to 255; stands in each value that it sealed. */
  version: number;
  /** The key that hashes tokens, sealed with this master key: whoever opens it has the key. */
  sealed_token_key: Bytes;
  created_at: Ms;
  /** Since when nothing is sealed with it any more, and it is refused. */
  retired_at: Ms | null;
}

/** Who asked for no more messages and was erased since: a keyed hash that knows the number again and does not tell it. */
export interface OptOutTable {
  device_id: number;
  person_hash: Bytes;
  opted_out_at: Ms;
}
