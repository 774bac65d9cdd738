/**
 * WhatsApp's addresses. `628…:11@s.whatsapp.net` is a device of a phone number, `1…@lid` a number-less identity ("LID"),
 * `…@g.us` a group. Everything that leaves this folder is bare: without the device part.
 */
const SHAPE = /^([^@:]*)(?::(\d+))?@(.+)$/;

/** Hosted devices are the same people; `c.us` is the old name of `s.whatsapp.net`. */
const SERVERS: Readonly<Record<string, string>> = {
  'c.us': 's.whatsapp.net',
  hosted: 's.whatsapp.net',
  'hosted.lid': 'lid',
};

function parts(jid: string): { user: string; device: number; server: string } | undefined {
  const match = SHAPE.exec(jid);
  if (!match) return undefined;
  const [, user = '', device = '0', server = ''] = match;
  return { user: user.split('_')[0] ?? '', device: Number(device), server: SERVERS[server] ?? server };
}

/** Without device and agent; what is no JID stays as it is. */
export function bare(jid: string): string {
  const known = parts(jid);
  return known ? `${known.user}@${known.server}` : jid;
}

export const userOf = (jid: string): string => parts(jid)?.user ?? jid;

const on =
  (server: string) =>
  (jid: string): boolean =>
    parts(jid)?.server === server;

export const isGroup = on('g.us');
export const isLid = on('lid');
export const isPhone = on('s.whatsapp.net');
/** WhatsApp's wire calls a channel a newsletter. */
export const isChannel = on('newsletter');

/** Whom somebody writes to at once; each reads it in the chat of the two. Status updates are a list to WhatsApp, and no chat. */
export const isBroadcastList = (jid: string): boolean => on('broadcast')(jid) && userOf(jid) !== 'status';

/** The digits of a phone-number JID; null for every other kind. */
export function phoneOf(jid: string | null | undefined): string | null {
  if (!jid || !isPhone(jid)) return null;
  const { user } = parts(jid) ?? { user: '' };
  return /^\d{5,20}$/.test(user) ? user : null;
}

/** The bare LID; null for every other kind. */
export const lidOf = (jid: string | null | undefined): string | null => (jid && isLid(jid) ? bare(jid) : null);

/** Digits to `628…@s.whatsapp.net`. */
export const jidOfPhone = (phone: string): string => `${phone}@s.whatsapp.net`;
