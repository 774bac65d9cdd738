import type { Generated } from 'kysely';
import type { AccountTables } from './account-schema.ts';
import type { InboxTables } from './inbox-schema.ts';

/**
 * The tables, as both databases have them. Portable columns only: ids are integers, times epoch milliseconds (`Ms`), flags 0 or 1,
 * JSON is TEXT, bytes are BLOB or BYTEA. Columns named `sealed_…` are encrypted at rest (`vault.ts`).
 */
type Ms = number;
export type Flag = 0 | 1;
type Bytes = Uint8Array;

export interface Tables extends AccountTables, InboxTables {
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
  /** When another number than before linked it; null: it had one number only. */
  number_since: Ms | null;
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
