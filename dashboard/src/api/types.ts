// Made from openapi.json by scripts/api-types.ts.
// biome-ignore-all format: it is generated

export type AdminAccount = {
  id: number;
  name: string;
  /** E-mail. */
  owner: string | null;
  is_admin: boolean;
  suspended_at: string | null;
  created_at: string;
  devices: number;
  subscription: Subscription | null;
};

export type AdminAccountDetail = {
  id: number;
  name: string;
  /** E-mail. */
  owner: string | null;
  is_admin: boolean;
  suspended_at: string | null;
  created_at: string;
  devices: number;
  subscription: Subscription | null;
  time_zone: string;
  members: Array<{
    id: number;
    name: string;
    email: string;
    role: 'owner' | 'admin' | 'operator' | 'viewer';
    has_totp: boolean;
  }>;
  device_list: Array<{
    id: number;
    name: string;
    kind: 'whatsapp' | 'sandbox';
    phone_number: string | null;
    suspended: boolean;
    live: DeviceLive;
    created_at: string;
  }>;
  /** Newest first. */
  subscriptions: Array<Subscription>;
};

export type AuditEntry = {
  id: number;
  at: string;
  /** Such as sign_in, sign_in.failed, token.issued, device.deleted, export, admin.viewed. */
  kind: string;
  account_id: number | null;
  account: string | null;
  /** E-mail; null: nobody who was signed in. */
  user: string | null;
  /** What it was done to, such as device 3. */
  subject: string | null;
  address: string | null;
};

export type BrowserSession = {
  id: string;
  current: boolean;
  address: string | null;
  user_agent: string | null;
  created_at: string;
  seen_at: string;
  expires_at: string;
};

export type Bubble = {
  /** The message’s id at WhatsApp. */
  id: string;
  from: 'device' | 'contact';
  text: string | null;
  media: {
    kind: string;
    name: string | null;
    mimetype: string | null;
  } | null;
  at: string;
  /** Of what the device sent; null for what the contact wrote. */
  ticks: 'sent' | 'delivered' | 'read' | null;
  /** In the history. */
  message_id: number | null;
};

export type Chat = {
  device_id: number;
  device_name: string;
  /** The number; a JID where it is hidden (…@lid), and of a group (…@g.us). To write to it. */
  peer: string;
  is_group: boolean;
  /** As the person calls themselves. */
  name: string | null;
  unread: number;
  /** The person wants no more messages. */
  opted_out: boolean;
  last: {
    by: 'them' | 'us';
    name: string | null;
    type: string;
    text: string | null;
    state: 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed' | 'expired' | 'cancelled' | null;
    at: string;
  } | null;
};

export type ChatMessage = {
  /** Unique in the conversation. */
  key: string;
  /** At WhatsApp. */
  message_id: string;
  /** Of one that came in, or was written on the phone. */
  inbox_id: number | null;
  /** Of one that was sent through the gateway. */
  history_id: number | null;
  /** phone: written on the account’s own phone. */
  by: 'them' | 'gateway' | 'phone';
  from_phone: string | null;
  from_lid: string | null;
  push_name: string | null;
  /** It waited while the device was offline. */
  offline: boolean;
  type: string;
  text: string | null;
  media: {
    mimetype: string | null;
    filename: string | null;
    bytes: number | null;
    seconds: number | null;
    width: number | null;
    height: number | null;
  } | null;
  /** Where the gateway took the file from. */
  media_url: string | null;
  location: {
    latitude: number;
    longitude: number;
    name: string | null;
    address: string | null;
  } | null;
  contacts: Array<{
    name: string;
    vcard: string;
  }> | null;
  poll_options: Array<string> | null;
  /** Of a vote: what was chosen; null: not readable. */
  poll_vote: Array<string> | null;
  /** Of a poll: what each chose last. */
  votes: Array<{
    from: string;
    options: Array<string>;
  }>;
  /** It asks for no more messages. */
  opt_out: boolean;
  /** The message that it answers, or votes in. */
  quote: {
    message_id: string;
    by: 'them' | 'us';
    name: string | null;
    type: string;
    text: string | null;
  } | null;
  reactions: Array<{
    /** A number, or me. */
    from: string;
    emoji: string;
  }>;
  edited_at: string | null;
  deleted_at: string | null;
  state: 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed' | 'expired' | 'cancelled' | null;
  waiting_for: 'pacing' | 'device_offline' | 'schedule' | 'retry' | null;
  waiting_reason: string | null;
  error_code: string | null;
  error_message: string | null;
  sent_at: string;
  read_at: string | null;
};

export type DeviceLive = {
  status: 'connected' | 'connecting' | 'pairing' | 'disconnected' | 'logged_out' | 'suspended';
  /** A stable word to translate by: qr_expired, passkey_required, logged_out, replaced, conflict, banned, banned_for_now, locked, outdated, mismatch, unreadable, connection_lost, degraded, …; null: none. */
  reason: string | null;
  /** The same as an English sentence. */
  message: string | null;
  /** Connected, and what waited while offline has come through. */
  caught_up: boolean;
  /** It tries again by itself then. */
  retry_at: string | null;
  /** Somebody asked for it to be linked. */
  linking: boolean;
  /** Only for roles that may link (owner, admin). */
  qr: {
    text: string;
    expires_at: string;
  } | null;
};

export type FileLink = {
  /** A path of this server that opens the file until `expires_at`. */
  url: string;
  expires_at: string;
  mimetype: string | null;
  filename: string | null;
  bytes: number | null;
};

export type Group = {
  /** A `recipient` for sending. */
  id: string;
  /** Its name: a stranger’s words. */
  subject: string;
  /** How many people are in it. */
  participants: number;
  /** Only its admins may write. */
  announcement: boolean;
};

export type InstallationHealth = {
  version: string;
  database: 'sqlite' | 'postgres';
  schema: string;
  started_at: string;
  memory_mb: number;
  sandbox: boolean;
  mail: boolean;
  nodes: Array<{
    name: string;
    role: 'all' | 'api' | 'worker';
    version: string;
    memory_mb: number;
    draining: boolean;
    devices: number;
    renewed_until: string | null;
    alive: boolean;
  }>;
  devices: {
    total: number;
    enabled: number;
    by_state: Record<string, number>;
  };
  troubled: Array<{
    id: number;
    name: string;
    kind: 'whatsapp' | 'sandbox';
    phone_number: string | null;
    live: DeviceLive;
    health: DeviceHealth;
    account_id: number;
    account: string;
  }>;
  messages: {
    queued: number;
    sending: number;
  };
};

export type DeviceHealth = {
  status: 'ok' | 'warning' | 'critical';
  notices: Array<{
    code: 'time_lock' | 'capping' | 'phone_offline' | 'slow_acks' | 'stalled' | 'store' | 'outdated' | 'down';
    level: 'warning' | 'critical';
    message: string;
    until: string | null;
  }>;
  ack_latency_ms: {
    p50: number;
    p95: number;
  } | null;
  last_ack_at: string | null;
  phone_seen_at: string | null;
  stalls: number;
};

export type InstallationSettings = {
  /** Of this installation. */
  name: string;
  sign_up: 'open' | 'closed';
  /** What a new account begins with; null: the first trial. */
  sign_up_package_id: number | null;
  /** How to pay, shown beside the packages. */
  bank_transfer: string;
};

export type Invitation = {
  id: number;
  email: string;
  role: 'owner' | 'admin' | 'operator' | 'viewer';
  created_at: string;
  expires_at: string;
  invited_by: string | null;
};

export type Me = {
  user: {
    id: number;
    name: string;
    email: string;
    /** null: the browser’s. */
    language: 'id' | 'en' | null;
    has_password: boolean;
    has_totp: boolean;
  };
  account: {
    id: number;
    name: string;
    time_zone: string;
    role: 'owner' | 'admin' | 'operator' | 'viewer';
    /** The account that administers this server: shows the admin pages to owner and admin. */
    is_admin: boolean;
    suspended: boolean;
  };
  /** All accounts this person belongs to; POST /me/account changes over. */
  accounts: Array<{
    id: number;
    name: string;
    role: 'owner' | 'admin' | 'operator' | 'viewer';
  }>;
  /** What the first sign-in still asks for: a real address, a password. */
  needs: Array<'email' | 'password'>;
  /** PUT /me/password needs no current password: there is none, or a one-time link was used just now. */
  may_set_password: boolean;
  subscription: Subscription | null;
};

export type Member = {
  id: number;
  name: string;
  email: string;
  role: 'owner' | 'admin' | 'operator' | 'viewer';
  has_totp: boolean;
  you: boolean;
};

export type Package = {
  id: number;
  name: string;
  message_quota: number;
  device_limit: number;
  days: number;
  price_idr: number;
  is_trial: boolean;
  rate_limit_per_minute: number | null;
  archived: boolean;
  created_at: string;
};

export type Pagination = {
  current_page: number;
  total_pages: number;
  per_page: number;
  total: number;
};

export type PanelDelivery = {
  id: number;
  /** The header webhook-id: the same at each attempt. */
  event_id: string;
  type: string;
  /** failed: it is tried no more by itself. */
  state: 'pending' | 'delivered' | 'failed';
  attempts: number;
  replays: number;
  /** HTTP status of the last answer. */
  status: number | null;
  /** Why the last attempt failed. */
  reason: string | null;
  took_ms: number | null;
  /** The body, at most 8 KB of it. */
  request: string;
  /** The first 8 KB of the last answer: a stranger’s words. */
  answer: string | null;
  created_at: string;
  attempted_at: string | null;
  delivered_at: string | null;
  next_attempt_at: string | null;
};

export type PanelDevice = {
  id: number;
  name: string;
  kind: 'whatsapp' | 'sandbox';
  phone_number: string | null;
  push_name: string | null;
  default_country: string;
  /** The gateway keeps it connected. */
  enabled: boolean;
  /** It was linked to a phone and can be connected again. */
  linked: boolean;
  suspended: boolean;
  live: DeviceLive;
  health: DeviceHealth;
  /** null: none was made. */
  token: {
    prefix: string;
    last4: string;
    created_at: string;
    used_at: string | null;
  } | null;
  connected_at: string | null;
  last_seen_at: string | null;
  created_at: string;
};

export type PanelDeviceDetail = {
  id: number;
  name: string;
  kind: 'whatsapp' | 'sandbox';
  phone_number: string | null;
  push_name: string | null;
  default_country: string;
  /** The gateway keeps it connected. */
  enabled: boolean;
  /** It was linked to a phone and can be connected again. */
  linked: boolean;
  suspended: boolean;
  live: DeviceLive;
  health: DeviceHealth;
  /** null: none was made. */
  token: {
    prefix: string;
    last4: string;
    created_at: string;
    used_at: string | null;
  } | null;
  connected_at: string | null;
  last_seen_at: string | null;
  created_at: string;
  /** What is in force. */
  pacing: Pacing;
  /** Keys of pacing that were set for this device; the others are the defaults. */
  pacing_own: Array<string>;
  pacing_defaults: Pacing;
};

export type Pacing = {
  enabled: boolean;
  /** Shortest and longest. */
  gap_ms: Array<number>;
  recipient_gap_ms: number;
  per_minute: number;
  per_hour: number;
  per_day: number;
  new_conversations_per_day: number;
  new_conversations_first_day: number;
  warm_up_days: number;
  quiet_hours: {
    from: string;
    to: string;
  } | null;
};

export type PanelMessage = {
  id: number;
  device_id: number;
  device_name: string;
  /** At WhatsApp. */
  message_id: string;
  recipient: string;
  type: 'text' | 'image' | 'video' | 'audio' | 'document' | 'media';
  /** Text, or caption of media. */
  message: string;
  media_url: string | null;
  filename: string | null;
  status: 'pending' | 'sent' | 'failed';
  state: 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed' | 'expired' | 'cancelled';
  waiting_for: 'pacing' | 'device_offline' | 'schedule' | 'retry' | null;
  waiting_reason: string | null;
  waiting_until: string | null;
  ref: string | null;
  priority: 'high' | 'normal' | 'low';
  attempts: number;
  scheduled_at: string | null;
  expires_at: string;
  created_at: string;
  sending_at: string | null;
  sent_at: string | null;
  delivered_at: string | null;
  read_at: string | null;
  failed_at: string | null;
  error_code: string | null;
  error_message: string | null;
  may_cancel: boolean;
  /** False: it was an upload, whose file is not kept. */
  may_send_again: boolean;
};

export type PanelWebhook = {
  id: number;
  device_id: number;
  url: string;
  description: string;
  events: Array<'message.received' | 'message.status' | 'message.failed' | 'device.status' | 'device.health' | 'quota.warning' | 'webhook.paused'>;
  format: 'standard' | 'legacy';
  status: 'active' | 'failing' | 'paused' | 'disabled';
  pause_reason: string | null;
  paused_at: string | null;
  failing_since: string | null;
  last_success_at: string | null;
  /** Until then the secret before the rotation signs, too. */
  old_secret_until: string | null;
  /** Deliveries that wait. */
  pending: number;
  oldest_pending_at: string | null;
  created_at: string;
};

export type PersonErased = {
  messages: number;
  inbox: number;
  files: number;
  events: number;
  journal: number;
  answers: number;
  conversations: number;
  keys: number;
  /** Rows of others in which the number was struck out. */
  struck: number;
};

export type PersonExport = {
  person: {
    phone: string | null;
    hidden_ids: Array<string>;
  };
  conversations: Array<Record<string, unknown>>;
  sent: Array<Record<string, unknown>>;
  received: Array<Record<string, unknown>>;
  files: Array<{
    message: number;
    path: string;
    opens_until: string;
  }>;
  events: Array<Record<string, unknown>>;
  deliveries: Array<Record<string, unknown>>;
  encryption_keys: number;
};

export type PersonSummary = {
  phone: string | null;
  hidden_ids: Array<string>;
  sent: number;
  received: number;
  files: number;
  events: number;
  /** Keys of encrypted sessions with the person’s phones. */
  keys: number;
  /** Since when this person wants no more messages. */
  opted_out_at: string | null;
};

export type Purchase = {
  id: number;
  account_id: number;
  account: string;
  package_id: number;
  package: string;
  price_idr: number;
  asked_by: string | null;
  note: string;
  state: 'pending' | 'approved' | 'declined' | 'withdrawn';
  answer: string | null;
  created_at: string;
  decided_at: string | null;
};

export type Retention = {
  /** Null: for ever. */
  retention_days: number | null;
};

export type SandboxConversation = {
  number: string;
  name: string | null;
  /** For the numbers with fixed manners. */
  manner: string | null;
  /** What the contact has not read. */
  unread: number;
  last: Bubble | null;
};

export type Subscription = {
  id: number;
  package_id: number;
  package: string;
  message_quota: number;
  used: number;
  remaining: number;
  device_limit: number;
  /** In use. */
  devices: number;
  rate_limit_per_minute: number | null;
  is_trial: boolean;
  starts_at: string;
  ends_at: string;
  /** The last day, in the account’s time zone. */
  end_date: string;
  state: 'running' | 'ended' | 'suspended' | 'upcoming';
  /** The gravest. ends_soon: within 7 days. */
  warning: 'quota_80' | 'quota_100' | 'ends_soon' | 'ended' | 'suspended' | null;
};

export type Usage = {
  subscription: Subscription | null;
  time_zone: string;
  days: Array<{
    /** YYYY-MM-DD */
    day: string;
    sent: number;
    delivered: number;
    read: number;
    failed: number;
  }>;
  devices: Array<{
    id: number;
    name: string;
    kind: 'whatsapp' | 'sandbox';
    deleted: boolean;
    sent: number;
    delivered: number;
    read: number;
    failed: number;
  }>;
  total: {
    sent: number;
    delivered: number;
    read: number;
    failed: number;
  };
};

/** Every route that the dashboard may ask. `answer` is the whole envelope. */
export interface Operations {
  'GET /api/panel/installation': {
    answer: {
      success: true;
      data: {
        name: string;
        version: string;
        public_url: string;
        sign_up: 'open' | 'closed';
        /** Mails are sent. False: links come from the administrator (npm run wagate -- account link). */
        mail: boolean;
        sandbox: boolean;
        signed_in: boolean;
      };
    };
  };
  'POST /api/panel/sign-up': {
    body: {
      /** For people. */
      name: string;
      /** An e-mail address. */
      email: string;
      /** Any characters; length is what counts. */
      password: string;
      /** Of what this person reads. */
      language?: 'id' | 'en';
      /** IANA name, such as Asia/Jakarta, Asia/Makassar, Asia/Jayapura. */
      time_zone?: string;
    };
    answer: {
      success: true;
      data: Me;
    };
  };
  'POST /api/panel/sign-in': {
    body: {
      /** An e-mail address. */
      email: string;
      password: string;
      /** Six digits of the authenticator app, or a recovery code. */
      code?: string;
    };
    answer: {
      success: true;
      data: Me;
    };
  };
  'POST /api/panel/sign-in/link': {
    body: {
      token: string;
      /** Six digits of the authenticator app, or a recovery code. */
      code?: string;
    };
    answer: {
      success: true;
      data: Me;
    };
  };
  'POST /api/panel/password/forgot': {
    body: {
      /** An e-mail address. */
      email: string;
      /** Of what this person reads. */
      language?: 'id' | 'en';
    };
    answer: {
      success: true;
    };
  };
  'POST /api/panel/sign-out': {
    answer: {
      success: true;
    };
  };
  'POST /api/panel/invitation/look': {
    body: {
      token: string;
    };
    answer: {
      success: true;
      data: {
        account: string;
        email: string;
        role: 'owner' | 'admin' | 'operator' | 'viewer';
        invited_by: string | null;
        expires_at: string | null;
        /** The address belongs to somebody here, who signs in first (or gives that password) and then accepts. */
        known: boolean;
        signed_in_as: string | null;
      };
    };
  };
  'POST /api/panel/invitation/accept': {
    body: {
      token: string;
      /** For people. */
      name?: string;
      /** Any characters; length is what counts. */
      password?: string;
      /** Six digits of the authenticator app, or a recovery code. */
      code?: string;
      /** Of what this person reads. */
      language?: 'id' | 'en';
    };
    answer: {
      success: true;
      data: Me;
    };
  };
  'GET /api/panel/me': {
    answer: {
      success: true;
      data: Me;
    };
  };
  'PATCH /api/panel/me': {
    body: {
      /** For people. */
      name?: string;
      language?: 'id' | 'en' | null;
    };
    answer: {
      success: true;
      data: Me;
    };
  };
  'PUT /api/panel/me/email': {
    body: {
      /** An e-mail address. */
      email: string;
      current_password?: string;
    };
    answer: {
      success: true;
      data: Me;
    };
  };
  'PUT /api/panel/me/password': {
    body: {
      /** Any characters; length is what counts. */
      password: string;
      current_password?: string;
    };
    answer: {
      success: true;
      data: Me;
    };
  };
  'POST /api/panel/me/totp': {
    body: {
      current_password?: string;
    };
    answer: {
      success: true;
      data: {
        /** otpauth://…, for the QR code. */
        uri: string;
        /** To type by hand. */
        secret: string;
      };
    };
  };
  'POST /api/panel/me/totp/confirm': {
    body: {
      /** Six digits of the authenticator app, or a recovery code. */
      code: string;
    };
    answer: {
      success: true;
      data: {
        recovery_codes: Array<string>;
      };
    };
  };
  'POST /api/panel/me/totp/remove': {
    body: {
      /** Six digits of the authenticator app, or a recovery code. */
      code: string;
    };
    answer: {
      success: true;
      data: Me;
    };
  };
  'GET /api/panel/me/sessions': {
    answer: {
      success: true;
      data: Array<BrowserSession>;
    };
  };
  'DELETE /api/panel/me/sessions/{id}': {
    params: { id: string };
    answer: {
      success: true;
    };
  };
  'POST /api/panel/me/sign-out-everywhere': {
    body: {
      keep_this?: boolean;
    };
    answer: {
      success: true;
    };
  };
  'POST /api/panel/me/account': {
    body: {
      /**  */
      account_id: number;
    };
    answer: {
      success: true;
      data: Me;
    };
  };
  'PATCH /api/panel/account': {
    body: {
      /** For people. */
      name?: string;
      /** IANA name, such as Asia/Jakarta, Asia/Makassar, Asia/Jayapura. */
      time_zone?: string;
    };
    answer: {
      success: true;
      data: Me;
    };
  };
  'GET /api/panel/members': {
    answer: {
      success: true;
      data: Array<Member>;
    };
  };
  'PATCH /api/panel/members/{id}': {
    params: { id: string };
    body: {
      /** owner, admin (all but owners), operator (sends and reads), viewer (reads). */
      role: 'owner' | 'admin' | 'operator' | 'viewer';
    };
    answer: {
      success: true;
      data: Array<Member>;
    };
  };
  'DELETE /api/panel/members/{id}': {
    params: { id: string };
    answer: {
      success: true;
    };
  };
  'GET /api/panel/invitations': {
    answer: {
      success: true;
      data: Array<Invitation>;
    };
  };
  'POST /api/panel/invitations': {
    body: {
      /** An e-mail address. */
      email: string;
      /** owner, admin (all but owners), operator (sends and reads), viewer (reads). */
      role: 'owner' | 'admin' | 'operator' | 'viewer';
    };
    answer: {
      success: true;
      data: {
        invitation: Invitation;
        link: string;
        mailed: boolean;
      };
    };
  };
  'DELETE /api/panel/invitations/{id}': {
    params: { id: string };
    answer: {
      success: true;
    };
  };
  'GET /api/panel/audit': {
    query: { limit?: string; page?: string };
    answer: {
      success: true;
      data: Array<AuditEntry>;
      pagination: Pagination;
    };
  };
  'GET /api/panel/privacy': {
    answer: {
      success: true;
      data: Retention;
    };
  };
  'PUT /api/panel/privacy': {
    body: {
      retention_days: number | null;
    };
    answer: {
      success: true;
      data: Retention;
    };
  };
  'POST /api/panel/people/look': {
    body: {
      /** A WhatsApp number, however it is written, or a hidden id (`…@lid`). */
      person: string;
    };
    answer: {
      success: true;
      data: PersonSummary;
    };
  };
  'POST /api/panel/people/export': {
    body: {
      /** A WhatsApp number, however it is written, or a hidden id (`…@lid`). */
      person: string;
    };
    answer: {
      success: true;
      data: PersonExport;
    };
  };
  'POST /api/panel/people/erase': {
    body: {
      /** A WhatsApp number, however it is written, or a hidden id (`…@lid`). */
      person: string;
      /** `person` once more. */
      confirm: string;
    };
    answer: {
      success: true;
      data: PersonErased;
    };
  };
  'GET /api/panel/devices': {
    answer: {
      success: true;
      data: Array<PanelDevice>;
    };
  };
  'POST /api/panel/devices': {
    body: {
      /** For people. */
      name: string;
      /**  */
      kind: 'whatsapp' | 'sandbox';
      default_country?: string;
    };
    answer: {
      success: true;
      data: PanelDeviceDetail;
    };
  };
  'GET /api/panel/devices/{id}': {
    params: { id: string };
    answer: {
      success: true;
      data: PanelDeviceDetail;
    };
  };
  'PATCH /api/panel/devices/{id}': {
    params: { id: string };
    body: {
      /** For people. */
      name?: string;
      default_country?: string;
      /** Only what is to change. */
      pacing?: {
        /**  */
        enabled?: boolean;
        gap_ms?: Array<number>;
        /**  */
        recipient_gap_ms?: number;
        /**  */
        per_minute?: number;
        /**  */
        per_hour?: number;
        /**  */
        per_day?: number;
        /**  */
        new_conversations_per_day?: number;
        /**  */
        new_conversations_first_day?: number;
        /**  */
        warm_up_days?: number;
        /** In the account’s time zone; may go over midnight. null: none. */
        quiet_hours?: {
          from: string;
          to: string;
        } | null;
      };
      /** Keys of pacing that go back to the default. */
      pacing_reset?: Array<'enabled' | 'gap_ms' | 'recipient_gap_ms' | 'per_minute' | 'per_hour' | 'per_day' | 'new_conversations_per_day' | 'new_conversations_first_day' | 'warm_up_days' | 'quiet_hours'>;
    };
    answer: {
      success: true;
      data: PanelDeviceDetail;
    };
  };
  'DELETE /api/panel/devices/{id}': {
    params: { id: string };
    answer: {
      success: true;
    };
  };
  'POST /api/panel/devices/{id}/token': {
    params: { id: string };
    answer: {
      success: true;
      data: {
        token: string;
        device: PanelDeviceDetail;
      };
    };
  };
  'POST /api/panel/devices/{id}/link': {
    params: { id: string };
    answer: {
      success: true;
      data: DeviceLive;
    };
  };
  'DELETE /api/panel/devices/{id}/link': {
    params: { id: string };
    answer: {
      success: true;
      data: DeviceLive;
    };
  };
  'POST /api/panel/devices/{id}/pairing-code': {
    params: { id: string };
    body: {
      phone_number: string;
    };
    answer: {
      success: true;
      data: {
        code: string;
        phone_number: string;
      };
    };
  };
  'POST /api/panel/devices/{id}/connect': {
    params: { id: string };
    answer: {
      success: true;
      data: DeviceLive;
    };
  };
  'POST /api/panel/devices/{id}/disconnect': {
    params: { id: string };
    answer: {
      success: true;
      data: DeviceLive;
    };
  };
  'POST /api/panel/devices/{id}/unlink': {
    params: { id: string };
    answer: {
      success: true;
      data: DeviceLive;
    };
  };
  'GET /api/panel/devices/{id}/sandbox': {
    params: { id: string };
    answer: {
      success: true;
      data: {
        /** Of the simulated handset. */
        phone_number: string;
        conversations: Array<SandboxConversation>;
        /** The numbers with fixed manners. */
        numbers: Array<{
          number: string;
          meaning: string;
        }>;
      };
    };
  };
  'GET /api/panel/devices/{id}/sandbox/{number}': {
    params: { id: string; number: string };
    answer: {
      success: true;
      data: {
        conversation: SandboxConversation;
        bubbles: Array<Bubble>;
      };
    };
  };
  'POST /api/panel/devices/{id}/sandbox/{number}/messages': {
    params: { id: string; number: string };
    body: {
      /** What the contact writes. */
      text: string;
    };
    answer: {
      success: true;
      data: Bubble;
    };
  };
  'POST /api/panel/devices/{id}/sandbox/{number}/read': {
    params: { id: string; number: string };
    answer: {
      success: true;
    };
  };
  'GET /api/panel/messages': {
    query: { limit?: string; page?: string; device_id?: string; status?: 'pending' | 'sent' | 'failed'; state?: 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed' | 'expired' | 'cancelled'; recipient?: string; ref?: string; since?: string | number; until?: string | number; q?: string };
    answer: {
      success: true;
      data: Array<PanelMessage>;
      pagination: Pagination;
    };
  };
  'POST /api/panel/messages': {
    body: {
      /** The device that sends. */
      device_id: number | string;
      /** Number in international format (62xxx). 0812…, +62 812-… and the like are understood; so are …@s.whatsapp.net, …@c.us, …@g.us, …@lid and …@newsletter (a channel: text only). */
      recipient: string | number;
      /** A text, 1 to 5000 characters. */
      message?: string;
      /** Address of the media. */
      media_url?: string;
      /** Absent: decided from the file. */
      media_type?: 'image' | 'video' | 'audio' | 'document';
      /** Caption of the media. WhatsApp has none for audio: audio with a caption goes as a document. */
      caption?: string;
      /** Name that a document is shown with. */
      filename?: string;
      /** An id of your own. */
      ref?: string | number;
      /** Default normal. */
      priority?: 'high' | 'normal' | 'low';
      /** Not before then. ISO 8601 with an offset, or Unix seconds. */
      scheduled_at?: string | number;
      /** Wait for the device when it is not connected. */
      hold?: boolean | 'true' | 'false' | '1' | '0' | 1 | 0;
      /** The message that this one answers, quoted: `data.id` of the inbox, or an id at WhatsApp. Of the same chat. */
      reply_to?: string | number;
    };
    answer: {
      success: true;
      data: PanelMessage;
    };
  };
  'GET /api/panel/messages/export': {
    query: { device_id?: string; status?: 'pending' | 'sent' | 'failed'; state?: 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed' | 'expired' | 'cancelled'; recipient?: string; ref?: string; since?: string | number; until?: string | number; q?: string; separator?: 'comma' | 'semicolon' };
    answer: null;
  };
  'GET /api/panel/messages/{id}': {
    params: { id: string };
    answer: {
      success: true;
      data: PanelMessage;
    };
  };
  'POST /api/panel/messages/{id}/cancel': {
    params: { id: string };
    answer: {
      success: true;
      data: PanelMessage;
    };
  };
  'POST /api/panel/messages/{id}/send-again': {
    params: { id: string };
    body: {
      hold?: boolean;
    };
    answer: {
      success: true;
      data: PanelMessage;
    };
  };
  'GET /api/panel/inbox': {
    query: { limit?: string; page?: string; device_id?: string; q?: string; show?: 'unread' | 'people' | 'groups' };
    answer: {
      success: true;
      data: {
        chats: Array<Chat>;
        /** Conversations with unread messages, whatever the filters. */
        unread: number;
      };
      pagination: Pagination;
    };
  };
  'GET /api/panel/devices/{id}/chats/{peer}': {
    params: { id: string; peer: string };
    query: { limit?: string; before?: string };
    answer: {
      success: true;
      data: {
        chat: Chat;
        messages: Array<ChatMessage>;
        /** null: there is nothing earlier. */
        before: string | null;
      };
    };
  };
  'POST /api/panel/devices/{id}/chats/{peer}/read': {
    params: { id: string; peer: string };
    answer: {
      success: true;
      data: Chat;
    };
  };
  'POST /api/panel/devices/{id}/reactions': {
    params: { id: string };
    body: {
      /** The message: `data.id` of the inbox, or its id at WhatsApp. */
      message_id: string | number;
      /** One emoji; absent: take it back. */
      emoji?: string;
    };
    answer: {
      success: true;
    };
  };
  'GET /api/panel/devices/{id}/files/{inbox_id}': {
    params: { id: string; inbox_id: string };
    answer: {
      success: true;
      data: FileLink;
    };
  };
  'GET /api/panel/devices/{id}/groups': {
    params: { id: string };
    answer: {
      success: true;
      data: Array<Group>;
    };
  };
  'GET /api/panel/webhooks': {
    answer: {
      success: true;
      data: Array<PanelWebhook>;
    };
  };
  'POST /api/panel/webhooks': {
    body: {
      /** Whose events. */
      device_id: number;
      /** Full address (https://) that events are posted to. Redirects are not followed. */
      url: string;
      /** Which events. */
      events: Array<'message.received' | 'message.status' | 'message.failed' | 'device.status' | 'device.health' | 'quota.warning' | 'webhook.paused'>;
      description?: string | '';
      /** legacy: {event: "message", data: {from, message, …}} (default standard). */
      format?: 'standard' | 'legacy';
    };
    answer: {
      success: true;
      data: {
        webhook: PanelWebhook;
        /** whsec_…, shown in this answer and never again. */
        secret: string;
      };
    };
  };
  'GET /api/panel/devices/{id}/webhooks/{webhook_id}': {
    params: { id: string; webhook_id: string };
    answer: {
      success: true;
      data: PanelWebhook;
    };
  };
  'PATCH /api/panel/devices/{id}/webhooks/{webhook_id}': {
    params: { id: string; webhook_id: string };
    body: {
      /** Full address (https://) that events are posted to. Redirects are not followed. */
      url?: string;
      /** Which events. */
      events?: Array<'message.received' | 'message.status' | 'message.failed' | 'device.status' | 'device.health' | 'quota.warning' | 'webhook.paused'>;
      description?: string | '';
      /** legacy: {event: "message", data: {from, message, …}} (default standard). */
      format?: 'standard' | 'legacy';
      /** Whether it is told anything. */
      enabled?: boolean;
    };
    answer: {
      success: true;
      data: PanelWebhook;
    };
  };
  'DELETE /api/panel/devices/{id}/webhooks/{webhook_id}': {
    params: { id: string; webhook_id: string };
    answer: {
      success: true;
    };
  };
  'POST /api/panel/devices/{id}/webhooks/{webhook_id}/rotate-secret': {
    params: { id: string; webhook_id: string };
    answer: {
      success: true;
      data: {
        webhook: PanelWebhook;
        /** whsec_…, shown in this answer and never again. */
        secret: string;
      };
    };
  };
  'POST /api/panel/devices/{id}/webhooks/{webhook_id}/test': {
    params: { id: string; webhook_id: string };
    answer: {
      success: true;
      data: PanelDelivery;
    };
  };
  'GET /api/panel/devices/{id}/webhooks/{webhook_id}/deliveries': {
    params: { id: string; webhook_id: string };
    query: { limit?: string; page?: string; state?: 'pending' | 'delivered' | 'failed'; type?: string };
    answer: {
      success: true;
      data: Array<PanelDelivery>;
      pagination: Pagination;
    };
  };
  'GET /api/panel/devices/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}': {
    params: { id: string; webhook_id: string; delivery_id: string };
    answer: {
      success: true;
      data: PanelDelivery;
    };
  };
  'POST /api/panel/devices/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}/replay': {
    params: { id: string; webhook_id: string; delivery_id: string };
    answer: {
      success: true;
      data: PanelDelivery;
    };
  };
  'POST /api/panel/devices/{id}/webhooks/{webhook_id}/replay': {
    params: { id: string; webhook_id: string };
    body: {
      /** From then on. ISO 8601 with an offset, or Unix seconds. */
      since: string | number;
      /** Before then; absent: now. ISO 8601 with an offset, or Unix seconds. */
      until?: string | number;
      /** Only what was never delivered (default true). */
      only_missed?: boolean;
    };
    answer: {
      success: true;
      data: {
        replayed: number;
      };
    };
  };
  'GET /api/panel/usage': {
    query: { days?: '7' | '30' | '90' };
    answer: {
      success: true;
      data: Usage;
    };
  };
  'GET /api/panel/packages': {
    answer: {
      success: true;
      data: {
        packages: Array<Package>;
        bank_transfer: string;
      };
    };
  };
  'GET /api/panel/purchases': {
    answer: {
      success: true;
      data: Array<Purchase>;
    };
  };
  'POST /api/panel/purchases': {
    body: {
      /**  */
      package_id: number;
      /** Such as the name on the transfer. */
      note?: string;
    };
    answer: {
      success: true;
      data: Purchase;
    };
  };
  'DELETE /api/panel/purchases/{id}': {
    params: { id: string };
    answer: {
      success: true;
    };
  };
  'GET /api/panel/live': {
    answer: null;
  };
  'GET /api/panel/admin/accounts': {
    query: { limit?: string; page?: string; q?: string };
    answer: {
      success: true;
      data: Array<AdminAccount>;
      pagination: Pagination;
    };
  };
  'POST /api/panel/admin/accounts': {
    body: {
      /** For people. */
      name: string;
      /** An e-mail address. */
      email: string;
      /**  */
      package_id?: number;
      /** IANA name, such as Asia/Jakarta, Asia/Makassar, Asia/Jayapura. */
      time_zone?: string;
    };
    answer: {
      success: true;
      data: {
        account: AdminAccount;
        link: string;
        mailed: boolean;
      };
    };
  };
  'GET /api/panel/admin/accounts/{id}': {
    params: { id: string };
    answer: {
      success: true;
      data: AdminAccountDetail;
    };
  };
  'POST /api/panel/admin/accounts/{id}/link': {
    params: { id: string };
    answer: {
      success: true;
      data: {
        link: string;
        mailed: boolean;
      };
    };
  };
  'PUT /api/panel/admin/accounts/{id}/suspended': {
    params: { id: string };
    body: {
      /**  */
      suspended: boolean;
    };
    answer: {
      success: true;
      data: AdminAccount;
    };
  };
  'POST /api/panel/admin/accounts/{id}/subscriptions': {
    params: { id: string };
    body: {
      /**  */
      package_id: number;
    };
    answer: {
      success: true;
      data: Subscription;
    };
  };
  'PATCH /api/panel/admin/accounts/{id}/subscriptions/{subscription_id}': {
    params: { id: string; subscription_id: string };
    body: {
      /**  */
      extend_days?: number;
      /** Its new end. ISO 8601 with an offset, or Unix seconds. */
      ends_at?: string | number;
      /**  */
      add_quota?: number;
      /**  */
      suspended?: boolean;
    };
    answer: {
      success: true;
      data: Subscription;
    };
  };
  'PUT /api/panel/admin/devices/{id}/suspended': {
    params: { id: string };
    body: {
      /**  */
      suspended: boolean;
    };
    answer: {
      success: true;
    };
  };
  'GET /api/panel/admin/packages': {
    answer: {
      success: true;
      data: Array<Package>;
    };
  };
  'POST /api/panel/admin/packages': {
    body: {
      /** For people. */
      name: string;
      /**  */
      message_quota: number;
      /**  */
      device_limit: number;
      /**  */
      days: number;
      /**  */
      price_idr: number;
      /**  */
      is_trial: boolean;
      /** null: the server’s setting. */
      rate_limit_per_minute: number | null;
    };
    answer: {
      success: true;
      data: Package;
    };
  };
  'PATCH /api/panel/admin/packages/{id}': {
    params: { id: string };
    body: {
      /** For people. */
      name?: string;
      /**  */
      message_quota?: number;
      /**  */
      device_limit?: number;
      /**  */
      days?: number;
      /**  */
      price_idr?: number;
      /**  */
      is_trial?: boolean;
      /** null: the server’s setting. */
      rate_limit_per_minute?: number | null;
      /**  */
      archived?: boolean;
    };
    answer: {
      success: true;
      data: Package;
    };
  };
  'GET /api/panel/admin/purchases': {
    query: { limit?: string; page?: string; state?: 'pending' | 'approved' | 'declined' | 'withdrawn' };
    answer: {
      success: true;
      data: Array<Purchase>;
      pagination: Pagination;
    };
  };
  'POST /api/panel/admin/purchases/{id}/approve': {
    params: { id: string };
    body: {
      /** For the customer. */
      answer?: string;
    };
    answer: {
      success: true;
      data: Purchase;
    };
  };
  'POST /api/panel/admin/purchases/{id}/decline': {
    params: { id: string };
    body: {
      /** For the customer. */
      answer?: string;
    };
    answer: {
      success: true;
      data: Purchase;
    };
  };
  'GET /api/panel/admin/settings': {
    answer: {
      success: true;
      data: InstallationSettings;
    };
  };
  'PATCH /api/panel/admin/settings': {
    body: {
      /** For people. */
      name?: string;
      /** Whether visitors may make accounts. */
      sign_up?: 'open' | 'closed';
      sign_up_package_id?: number | null;
      /** How to pay; empty: nothing is shown. */
      bank_transfer?: string;
    };
    answer: {
      success: true;
      data: InstallationSettings;
    };
  };
  'GET /api/panel/admin/audit': {
    query: { limit?: string; page?: string; kind?: string };
    answer: {
      success: true;
      data: Array<AuditEntry>;
      pagination: Pagination;
    };
  };
  'GET /api/panel/admin/health': {
    answer: {
      success: true;
      data: InstallationHealth;
    };
  };
}
