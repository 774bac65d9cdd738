import i18next from 'i18next';
import { translate } from '../../../parts/failures.ts';

/** What a number with fixed manners does, in the reader's language; else as the server says it. */
export function mannerOf(number: string, meaning: string | null): string {
  const key = `sandbox:manner.${number}`;
  return i18next.exists(key) ? translate(key) : (meaning ?? '');
}

/** Answers with the same text: the number for a first message. */
export const ECHO = '628990000006';
