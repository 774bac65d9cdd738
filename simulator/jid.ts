export const NET = 's.whatsapp.net';
export const LID = 'lid';
export const GROUP = 'g.us';
/** Channels; WhatsApp's wire calls them so. */
export const CHANNEL = 'newsletter';
/** The form in which Baileys writes the server's own address, and the only one it accepts in some comparisons. */
export const SERVER_JID = '@s.whatsapp.net';

/** Which of the two names of an account an address uses: its phone number or its hidden id. */
export type Namespace = 'pn' | 'lid';

export interface Jid {
  readonly user: string;
  readonly server: string;
  readonly device: number;
}

export function parseJid(jid: string | undefined): Jid | undefined {
  const at = jid?.indexOf('@') ?? -1;
  if (jid === undefined || at < 0) return undefined;
  const [name = '', device] = jid.slice(0, at).split(':');
  const [user = ''] = name.split('_');
  return { user, server: jid.slice(at + 1), device: device === undefined ? 0 : Number(device) };
}

/** Device 0, the phone, is written without a device part, as the codec does. */
export function formatJid(user: string, server: string, device = 0): string {
  return `${user}${device ? `:${device}` : ''}@${server}`;
}

export function isGroup(jid: string | undefined): boolean {
  return jid?.endsWith(`@${GROUP}`) ?? false;
}

/** A list of people that somebody writes to at once; each reads it in the chat of the two. */
export function isList(jid: string | undefined): boolean {
  return jid?.endsWith('@broadcast') ?? false;
}

export function isChannel(jid: string | undefined): boolean {
  return jid?.endsWith(`@${CHANNEL}`) ?? false;
}

/** '+62 812-3', '62812...@s.whatsapp.net' and '62812...' all name the same number. */
export function toNumber(numberOrJid: string): string {
  return (numberOrJid.split('@')[0] ?? '').split(':')[0]?.replace(/\D/g, '') ?? '';
}

export function namespaceOf(jid: Jid): Namespace {
  return jid.server === LID ? 'lid' : 'pn';
}
