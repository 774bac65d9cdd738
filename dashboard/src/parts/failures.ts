import i18next from 'i18next';
import { ApiFailure } from '../api/failure.ts';
import { currentLanguage } from '../i18n.ts';
import { breachOf } from './fieldRules.ts';

/** What went wrong, for people: by the code in their language, else the server's own sentence. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof ApiFailure)) return i18next.t('failures:unexpected');
  const fields = Object.values(error.errors).flat();
  if (error.code === 'validation_failed' && fields.length > 0) return [...new Set(fields.map(fieldSentence))].join(' ');
  // The server's English sentences hold facts (a number, a limit) that the code alone does not.
  if (currentLanguage() === 'en' && error.status > 0 && error.message !== '') return withSeconds(error.message, error);
  const key = `failures:${error.code}`;
  if (!i18next.exists(key)) return error.message;
  return withSeconds(translate(key, { seconds: error.retryAfter ?? 60 }), error);
}

/** Why one field of a form was refused, in the reader's language. */
export function fieldSentence(sentence: string): string {
  const { rule, values } = breachOf(sentence);
  // English has the server's own words for what no rule of ours knows.
  return rule === 'unfit' && currentLanguage() === 'en' ? sentence : translate(`failures:field.${rule}`, values);
}

/** Keys that are made of the server's words cannot be known to the compiler. */
export const translate = (key: string, values: Readonly<Record<string, string | number>> = {}): string =>
  (i18next.t as unknown as (key: string, values: object) => string)(key, values);

const withSeconds = (sentence: string, error: ApiFailure) =>
  error.requestId === null || error.status < 500 || sentence.includes(error.requestId)
    ? sentence
    : `${sentence} (${error.requestId})`;
