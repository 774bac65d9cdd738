import i18next from 'i18next';
import { ApiFailure } from '../api/failure.ts';
import { currentLanguage } from '../i18n.ts';

/** What went wrong, for people: by the code in their language, else the server's own sentence. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof ApiFailure)) return i18next.t('failures:unexpected');
  // The server's English sentences hold facts (a number, a limit) that the code alone does not.
  if (currentLanguage() === 'en' && error.status > 0 && error.message !== '') return withSeconds(error.message, error);
  const key = `failures:${error.code}`;
  if (!i18next.exists(key)) return error.message;
  return withSeconds(translate(key, { seconds: error.retryAfter ?? 60 }), error);
}

/** The sentence of one field in a form that was refused. */
export const fieldSentence = (error: ApiFailure, field: string): string | undefined => error.errors[field]?.[0];

/** Keys that are made of the server's words cannot be known to the compiler. */
export const translate = (key: string, values: Readonly<Record<string, string | number>> = {}): string =>
  (i18next.t as unknown as (key: string, values: object) => string)(key, values);

const withSeconds = (sentence: string, error: ApiFailure) =>
  error.requestId === null || error.status < 500 || sentence.includes(error.requestId)
    ? sentence
    : `${sentence} (${error.requestId})`;
