/**
 * What a close code asks for: code → action → the reason as a stable word → a sentence for people. Dashboards translate by the
 * word. Three-digit codes are WhatsApp's, or Baileys' for what it found out by itself; below 100 they are the house's.
 */
const rows = {
  1: row('stop', 'unreadable', 'The stored keys of this device can not be read. Nothing is sent until the administrator has restored them.'),
  2: row('stop', 'passkey_required', 'WhatsApp wants a passkey to link this account, and this gateway can not give one. Try another number, or link again later.'),
  401: row('stop', 'logged_out', 'The device was unlinked on the phone. Link it again to go on.'),
  402: row('wait', 'banned_for_now', 'WhatsApp has banned this number for some time. Nothing is sent until then.'),
  403: row('stop', 'locked', 'WhatsApp has locked this account. Open WhatsApp on the phone to see why.'),
  405: { ...row('wait', 'outdated', 'WhatsApp refuses this version of its web client. The administrator must set a newer one.'), delayMs: 15 * 60_000 },
  406: row('stop', 'banned', 'WhatsApp has banned this number. Open WhatsApp on the phone to ask for a review.'),
  408: row('back_off', 'connection_lost', 'WhatsApp could not be reached. It is tried again by itself.'),
  409: row('stop', 'bad_user_agent', 'WhatsApp does not accept how this device presents itself. Link it again.'),
  411: row('stop', 'mismatch', 'WhatsApp does not accept this link any more. Link the device again.'),
  428: row('back_off', 'connection_lost', 'The connection to WhatsApp was lost. It comes back by itself.'),
  440: { ...row('wait', 'replaced', 'Another program connected as this device. It is tried once more in a moment.'), delayMs: 30_000 },
  500: row('back_off', 'unknown_error', 'WhatsApp closed the connection without a known reason. It is tried again by itself.'),
  501: row('back_off', 'connection_lost', 'WhatsApp is not available. It is tried again by itself.'),
  503: row('back_off', 'unavailable', 'WhatsApp is not available. It is tried again by itself.'),
  515: row('reconnect_now', 'restart', 'WhatsApp asked for a new connection. This is the last step of linking.'),
} as const satisfies Record<CloseCode, Verdict>; // biome-ignore format: a table to be read as one

/** What the same codes mean in another place, or when they come too often. */
const exceptions = {
  qr_expired: row('stop', 'qr_expired', 'No phone scanned the QR code in time. Ask for a new one to link the device.'),
  conflict: row('stop', 'conflict', 'Another program uses the same linked device. Stop it, or unlink this device and link it again.'),
  degraded: row('back_off', 'degraded', 'WhatsApp keeps closing the connection. It is tried again by itself, more slowly.'),
} as const satisfies Record<string, Verdict>; // biome-ignore format: a table to be read as one

export type CloseCode = 1 | 2 | 401 | 402 | 403 | 405 | 406 | 408 | 409 | 411 | 428 | 440 | 500 | 501 | 503 | 515;

/** The house's own close codes. */
export const closeCodes = { unreadable: 1, passkeyRequired: 2 } as const satisfies Record<string, CloseCode>;

export interface Verdict {
  /**
   * `back_off`: reconnect after a growing pause (full jitter, 1 s·2ⁿ, at most 60 s). `reconnect_now`: at once, with the same
   * credentials. `wait`: after `delayMs`, else at `closed.expiresAt`. `stop`: only a person can go on.
   */
  readonly action: 'back_off' | 'reconnect_now' | 'wait' | 'stop';
  readonly reason: string;
  readonly sentence: string;
  readonly delayMs?: number;
}

export type DisconnectReason =
  | (typeof rows)[CloseCode]['reason']
  | (typeof exceptions)[keyof typeof exceptions]['reason'];

export interface Circumstances {
  /** A QR code was shown on this connection, and no phone has scanned it yet. */
  readonly pairing: boolean;
  /** How many connections of this device ended with this code in the last ten minutes, this one included. */
  readonly recent: number;
}

/** An unknown code is treated as 500, WhatsApp's default for every error: back off, and never touch the credentials for it. */
export function judgeDisconnect(
  code: number,
  { pairing, recent }: Circumstances,
): Verdict & { reason: DisconnectReason } {
  if (code === 408 && pairing) return exceptions.qr_expired;
  if (code === 440 && recent >= 3) return exceptions.conflict;
  // Asked for once after linking, and now and then by a server that is exchanged; a server that says nothing else is not to be stormed.
  if (code === 515 && recent >= 3) return exceptions.degraded;
  if (!isKnown(code)) return recent >= 10 ? exceptions.degraded : rows[500];
  return code === 500 && recent >= 10 ? exceptions.degraded : rows[code];
}

const isKnown = (code: number): code is CloseCode => code in rows;

function row<A extends Verdict['action'], R extends string>(action: A, reason: R, sentence: string) {
  return { action, reason, sentence };
}
