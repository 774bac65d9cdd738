import type { Generated } from 'kysely';
import type { Flag } from './schema.ts';

/** What comes back, and whom it is told to. The conventions are those of `schema.ts`. */
type Ms = number;
type Bytes = Uint8Array;

export interface InboxTables {
  inbox: InboxTable;
  event: EventTable;
  webhook: WebhookTable;
  delivery: DeliveryTable;
}

export interface InboxTable {
  id: Generated<number>;
  account_id: number;
  device_id: number;
  /** `out`: written on the account's own phone. */
  direction: 'in' | 'out';
  whatsapp_id: string;
  /** JID of the chat as it came. */
  chat: string;
  /** The chat as a recipient is written: digits where the number is known, else a JID. */
  peer: string;
  /** Bare JID of who wrote it, as it came; `me` for the account itself. Unique with device, chat and WhatsApp id. */
  sender: string;
  from_phone: string | null;
  from_lid: string | null;
  type: string;
  /** WhatsApp id of the message that it answers, reacts to, edits or deletes. */
  refers_to: string | null;
  offline: Flag;
  has_media: Flag;
  /** It asks for no more messages. */
  opt_out: Flag;
  /** JSON: text, push name, facts about media, place, contacts, poll. */
  sealed_body: Bytes;
  /** The decrypted protobuf, for the download of media and for quotes. */
  sealed_proto: Bytes;
  /** WhatsApp's time. */
  sent_at: Ms;
  created_at: Ms;
  read_at: Ms | null;
  /** Where the file is kept, once it was downloaded. */
  media_key: string | null;
  media_bytes: number | null;
}

/** Something that happened to a device and is told to webhooks and live streams; the cause of deliveries. */
export interface EventTable {
  id: Generated<number>;
  account_id: number;
  device_id: number;
  /** 1, 2, 3 … in the order of commits: unique in the device. */
  seq: number;
  /** `evt_…`, unique. */
  uid: string;
  type: string;
  /** What must be told only once (`message:12:sent`); unique in the device. */
  cause: string | null;
  /** Deliveries of one chat keep their order; empty: of none. */
  chat: string;
  /** JSON of the envelope. */
  sealed_payload: Bytes;
  created_at: Ms;
}

export interface WebhookTable {
  id: Generated<number>;
  account_id: number;
  device_id: number;
  url: string;
  description: string;
  /** JSON list of the chosen types. */
  events: string;
  format: 'standard' | 'legacy';
  enabled: Flag;
  sealed_secret: Bytes;
  /** Signs too, until `old_secret_until`. */
  sealed_old_secret: Bytes | null;
  old_secret_until: Ms | null;
  /** Nothing has succeeded since then; null: the last one did. */
  failing_since: Ms | null;
  paused_at: Ms | null;
  pause_reason: string | null;
  last_success_at: Ms | null;
  /** Which node delivers to it, until when. */
  lease_node: string | null;
  lease_until: Ms;
  created_at: Ms;
}

export type DeliveryState = 'pending' | 'delivered' | 'failed';
export interface DeliveryTable {
  id: Generated<number>;
  webhook_id: number;
  event_id: number;
  chat: string;
  state: DeliveryState;
  /** Since it was made, or asked for again. */
  attempts: number;
  replays: number;
  due_at: Ms;
  /** HTTP status of the last answer; null: there was none. */
  status: number | null;
  /** Why the last attempt failed, in a few words. */
  reason: string | null;
  /** The first 8 KB of the last answer. */
  sealed_answer: Bytes | null;
  took_ms: number | null;
  attempted_at: Ms | null;
  delivered_at: Ms | null;
  created_at: Ms;
}
