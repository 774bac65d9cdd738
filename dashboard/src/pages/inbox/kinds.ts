import i18next from 'i18next';
import { translate } from '../../parts/failures.ts';

/** The word for a kind of message. */
export function kindText(type: string): string {
  const key = `inbox:kind.${type}`;
  return i18next.exists(key) ? translate(key) : translate('inbox:kind.unknown');
}

/** A message in a few words, for a list or a quote. */
export function briefText({ type, text }: { readonly type: string; readonly text: string | null }): string {
  if (type === 'reaction') return text === null ? kindText('reaction') : `${kindText('reaction')}: ${text}`;
  if (type === 'text') return text ?? '';
  const word = kindText(type);
  return text === null || text === '' || type === 'poll_vote' ? word : `${word}: ${text}`;
}
