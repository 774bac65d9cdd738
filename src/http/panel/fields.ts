import { z } from 'zod';
import { atMost, label, word } from '../v1/fields.ts';

/** The fields of the dashboard's requests. Every rule brings its own sentence, which names the field. */

export const roleWords = ['owner', 'admin', 'operator', 'viewer'] as const;
export const languageWords = ['id', 'en'] as const;

/** Without the spaces around it. */
export const name = (field: string, max = 100, description = 'For people.') =>
  label(field, max, description)
    .transform((value) => value.trim())
    .refine((value) => value.length > 0, { error: `${field} must not be empty` });

export const email = z
  .string({ error: 'email must be an e-mail address' })
  .max(254, { error: 'email must be at most 254 characters' })
  .transform((value) => value.trim().toLowerCase())
  // Whether it exists is known only when a mail arrives; a control character or a second address must not get as far.
  .refine((value) => /^[^\s@<>,;:"()[\]\\\p{Cc}]+@[^\s@<>,;:"()[\]\\\p{Cc}]+$/u.test(value), {
    error: 'email must be an e-mail address',
  })
  .meta({ description: 'An e-mail address.', maxLength: 254 });

export const SHORTEST_PASSWORD = 10;
export const newPassword = (field = 'password') =>
  z
    .string({ error: `${field} must be text` })
    .min(SHORTEST_PASSWORD, { error: `${field} must have at least ${SHORTEST_PASSWORD} characters` })
    .max(256, { error: `${field} must be at most 256 characters` })
    .meta({ description: 'Any characters; length is what counts.' });

/** One that is compared: no rule but a bound. */
export const givenPassword = (field: string) =>
  z
    .string({ error: `${field} must be text` })
    .min(1, { error: `${field} is required` })
    .max(256, { error: `${field} must be at most 256 characters` });

export const code = z
  .string({ error: 'code must be text' })
  .max(40, { error: 'code must be at most 40 characters' })
  .transform((value) => value.replace(/[\s-]/g, '').toLowerCase())
  .meta({ description: 'Six digits of the authenticator app, or a recovery code.' });

export const linkToken = z
  .string({ error: 'token must be text' })
  .min(1, { error: 'token is required' })
  .max(200, { error: 'token must be at most 200 characters' });

export const language = word('language', languageWords, 'Of what this person reads.');

export const timeZone = z
  .string({ error: 'time_zone must be text' })
  .max(64, { error: 'time_zone must be at most 64 characters' })
  .refine(isTimeZone, { error: 'time_zone must be a time zone such as Asia/Jakarta' })
  .meta({ description: 'IANA name, such as Asia/Jakarta, Asia/Makassar, Asia/Jayapura.' });

function isTimeZone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).format(0) !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** A JSON number; no digits as text, since only our own dashboard asks. */
export const count = (field: string, min: number, max: number, description = '') => {
  const rule = { error: `${field} must be a whole number from ${min} to ${max}` };
  return z.int(rule).min(min, rule).max(max, rule).meta({ description });
};

export const yesNo = (field: string, description = '') =>
  z.boolean({ error: `${field} must be true or false` }).meta({ description });

export const id = (field: string, description = '') => count(field, 1, 1e14, description);

/** A number in a path. What is none is an unknown id: 404, not 422. */
export const digits = (what: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,14}$/)
    .transform(Number)
    .meta({ description: what });

export const idOf = (what: string) => z.object({ id: digits(`Of the ${what}.`) });
export const idsOf = (what: string, inner: string, key: 'subscription_id') =>
  z.object({ id: digits(`Of the ${what}.`), [key]: digits(`Of the ${inner}.`) });

/** A number of the query string. */
export const idInQuery = (field: string, description: string) =>
  z
    .string({ error: `${field} must be given once` })
    .regex(/^[1-9]\d{0,14}$/, { error: `${field} must be a whole number` })
    .transform(Number)
    .meta({ description });

export const paging = (most = 100, usual = 50) => ({
  limit: atMost('limit', 1, most, usual, `A page. What is above ${most} is taken as ${most}.`),
  page: atMost('page', 1, 1_000_000, 1, 'Page, newest first.'),
});
