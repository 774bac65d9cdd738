import { z } from 'zod';

/** The fields of the public API. Every rule brings its own sentence, which names the field: no sentence of the library gets out. */

const DIGITS = /^\d{1,20}$/;

/** Characters as people count them: Unicode code points, not UTF-16 units. */
const codePoints = (text: string) => {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
};

export const text = (name: string, max: number, description: string) =>
  z
    .string({ error: `${name} must be text` })
    .refine((value) => value.length <= max || codePoints(value) <= max, {
      error: `${name} must be at most ${max} characters`,
    })
    .meta({ description, minLength: 1, maxLength: max });

/** Text that is looked for or listed: a NUL has no place in a column of PostgreSQL. */
export const label = (name: string, max: number, description: string) =>
  text(name, max, description).refine((value) => !value.includes('\0'), {
    error: `${name} must not contain a NUL character`,
  });

/** An id of the caller's own system, which is often a number there. */
export const reference = (description: string) =>
  z
    .union([label('ref', 255, description), z.int()], { error: 'ref must be text of at most 255 characters' })
    .transform(String)
    .meta({ description });

const RECIPIENT_RULE = { error: 'recipient must be a phone number, as text or digits' };

export const recipient = z
  .union([z.string(RECIPIENT_RULE).max(255, RECIPIENT_RULE), z.number(RECIPIENT_RULE)], RECIPIENT_RULE)
  .meta({
    description:
      'Number in international format (62xxx). 0812…, +62 812-… and the like are understood; so are …@s.whatsapp.net, …@c.us, …@g.us, …@lid and …@newsletter (a channel: text only).',
  });

/** true or false; forms send words, and some languages send digits. */
export const flag = (name: string, description: string) =>
  z
    .union([z.boolean(), z.literal(['true', 'false', '1', '0', 1, 0])], { error: `${name} must be true or false` })
    .transform((value) => value === true || value === 'true' || value === '1' || value === 1)
    .meta({ description });

export const word = <const T extends readonly [string, ...string[]]>(name: string, words: T, description: string) =>
  z.enum(words, { error: `${name} must be ${orList(words)}` }).meta({ description });

const orList = (words: readonly string[]) =>
  words.length === 1 ? String(words[0]) : `one of ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

/** A whole number, as JSON number or as digits. */
export function whole(name: string, min: number, max: number, description: string) {
  const rule = { error: `${name} must be a whole number from ${min} to ${max}` };
  return z
    .union([z.number(rule), z.string(rule).regex(DIGITS, rule)], rule)
    .transform(Number)
    .refine((value) => Number.isInteger(value) && value >= min && value <= max, rule)
    .meta({ description });
}

/** A number of the query string: digits, at least `min`; what is above `max` is taken as `max`. */
export const atMost = (name: string, min: number, max: number, fallback: number, description: string) =>
  z
    .string({ error: `${name} must be given once` })
    .regex(/^\d+$/, { error: `${name} must be a whole number of at least ${min}` })
    .transform((digits) => Math.min(Number(digits), max))
    .refine((value) => value >= min, { error: `${name} must be a whole number of at least ${min}` })
    .prefault(String(fallback))
    .meta({ description, default: fallback });

const ISO = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+ -]\d\d:?\d\d))?$/;
/** The last second of the year 9999; Unix milliseconds begin where seconds would be beyond it. */
const LAST_SECOND = 253_402_300_799;

const isDay = (day: string) => {
  const ms = Date.parse(day);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
};

/** ISO 8601 with an offset (a bare date is its midnight, UTC), Unix seconds or Unix milliseconds, as Unix milliseconds. */
export function instant(given: string | number): number | undefined {
  if (typeof given === 'number' || DIGITS.test(given)) {
    const number = Number(given);
    if (!Number.isInteger(number) || number < 0 || number > LAST_SECOND * 1000) return undefined;
    return number <= LAST_SECOND ? number * 1000 : number;
  }
  const day = ISO.exec(given)?.[1];
  // Date.parse takes the 30th of February as the 2nd of March.
  if (day === undefined || !isDay(day)) return undefined;
  // A plus that nobody encoded arrives in a query string as a space.
  const ms = Date.parse(
    given
      .replace(' ', '+')
      .replace(/([+-]\d\d)(\d\d)$/, (offset, hours: string, minutes: string) =>
        given.includes('T') ? `${hours}:${minutes}` : offset,
      ),
  );
  return Number.isNaN(ms) ? undefined : ms;
}

export const time = (name: string, description: string) => {
  const error = `${name} must be a time such as 2025-12-10T10:00:00+07:00, or Unix seconds`;
  return z
    .union([z.string(), z.number()], { error })
    .transform((given, context) => {
      const ms = instant(given);
      if (ms !== undefined) return ms;
      context.addIssue({ code: 'custom', message: error });
      return z.NEVER;
    })
    .meta({ description: `${description} ISO 8601 with an offset, or Unix seconds.` });
};

const MESSAGE_RULE = { error: 'must be the id of a message: data.id of the inbox, or the id at WhatsApp' };

/** A message that was received or sent: a number of the inbox, or WhatsApp's own id. */
const aMessage = (name: string, description: string) => {
  const rule = { error: `${name} ${MESSAGE_RULE.error}` };
  return z
    .union([z.string(rule).regex(/^[\w.-]{1,128}$/, rule), z.int(rule).min(1, rule)], rule)
    .transform(String)
    .meta({ description });
};

export const messageId = aMessage('message_id', 'The message: `data.id` of the inbox, or its id at WhatsApp.');
export const replyTo = aMessage(
  'reply_to',
  'The message that this one answers, quoted: `data.id` of the inbox, or an id at WhatsApp. Of the same chat.',
);

/** An id in a path. What is no number is an unknown id: 404, not 422. */
export const idParams = z.object({
  id: z
    .string()
    .regex(/^[1-9]\d{0,14}$/)
    .transform(Number)
    .meta({ description: '`data.id` of the message.' }),
});
