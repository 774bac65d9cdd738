import i18next from 'i18next';
import { translate } from '../../../parts/failures.ts';
import { phone } from '../../../parts/phones.ts';

/** What a number with fixed manners does, in the reader's language; else as the server says it. */
export function mannerOf(number: string, meaning: string | null): string {
  const key = `sandbox:manner.${number}`;
  return i18next.exists(key) ? translate(key) : (meaning ?? '');
}

/** The simulated network names people "Contact 0001": in the reader's language, and the number of who has no name. */
export function nameOf(number: string, name: string | null): string {
  const nth = /^Contact (\d+)$/.exec(name ?? '')?.[1];
  return nth === undefined ? (name ?? phone(number)) : i18next.t('sandbox:contact', { nth });
}
