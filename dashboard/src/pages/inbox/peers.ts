import i18next from 'i18next';
import type { Chat, ChatMessage } from '../../api/types.ts';
import { phone } from '../../parts/phones.ts';

/**
 * A stranger's name as one line of plain text: without line breaks, and without the marks that turn the direction of what follows,
 * with which a name could pretend to be another.
 */
export const plainName = (name: string | null): string =>
  (name ?? '')
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();

/** The number as people write it, or a word for what has none. */
export function numberOf(peer: string): string {
  if (peer.endsWith('@g.us')) return i18next.t('inbox:group');
  return peer.endsWith('@lid') ? i18next.t('inbox:hidden') : phone(peer);
}

export const chatName = ({ name, peer }: Pick<Chat, 'name' | 'peer'>): string => plainName(name) || numberOf(peer);

/** What stands below the name: the number, where the name is no number itself. */
export function chatLine({ name, peer, is_group }: Pick<Chat, 'name' | 'peer' | 'is_group'>): string {
  if (is_group) return peer.replace(/@.*/, '');
  return plainName(name) === '' ? '' : numberOf(peer);
}

/** Who wrote it, as a person's name or number. */
export function writerOf({ by, push_name, from_phone, from_lid }: ChatMessage): string {
  if (by !== 'them') return i18next.t('inbox:you');
  return plainName(push_name) || numberOf(from_phone ?? from_lid ?? '');
}
