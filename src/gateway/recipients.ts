import { parsePhoneNumberFromString } from 'libphonenumber-js/mobile';
import { invalid } from '../base/errors.ts';

/**
 * Whom a message goes to, in one shape, from whatever spreadsheets, address books and older gateways wrote. The rules are the table
 * of design "The public API", Recipients; libphonenumber answers only the two questions that the table needs a numbering plan for: is
 * a number without `+` a mobile number at home or abroad, and is a zero after the calling code a trunk prefix. It never refuses a number.
 *
 * Of its three sets of metadata `mobile` is the one that has exact patterns for mobile numbers (`min` knows lengths only: it takes
 * the Singapore mobile 6591234567 for an Indonesian landline) without those of landlines; all three cost about 10 MB and 0.1 s, once.
 */
export type Recipient =
  /** Digits with calling code, 8 to 15 of them. */
  | { readonly is: 'phone'; readonly number: string }
  /** `…@g.us`, `…@lid` or `…@newsletter`. */
  | { readonly is: 'chat'; readonly jid: string };

const sentences = {
  empty: 'recipient must not be empty: send a WhatsApp number such as 6281234567890',
  scientific:
    'recipient is in scientific notation (such as 6.28123E+12), so digits are lost: format the column as text in your spreadsheet and export it again',
  letters:
    'recipient must be a WhatsApp number of digits such as 6281234567890, or the id of a group, such as 1203630…@g.us',
  plus: 'recipient has a + that is not at its beginning: send one number such as +62 812-3456-7890',
  length: 'recipient must have 8 to 15 digits with its country code, such as 6281234567890',
  chat: 'recipient must be a number, or an id that ends in @s.whatsapp.net, @c.us, @g.us, @lid or @newsletter',
  fraction: 'recipient is no whole number above zero: send it as a string, such as "6281234567890"',
} as const;

const refuse = (why: keyof typeof sentences): never => {
  throw invalid('recipient', sentences[why]);
};

/**
 * `given` as the request had it; `defaultCountry` is a calling code (`62`). Throws `validation_failed` on `recipient`.
 * A number that is sent again as the answer echoed it, with a `+` before it, stays what it is.
 */
export function normaliseRecipient(given: string | number, defaultCountry: string): Recipient {
  if (typeof given === 'number' && !(Number.isSafeInteger(given) && given >= 0)) return refuse('fraction');
  const text = clean(String(given));
  if (text === '') return refuse('empty');
  if (text.includes('@')) return fromJid(text, defaultCountry);
  if (/^\+?\d+([.,]\d+)?e[+-]?\d+$/i.test(text)) return refuse('scientific');
  return phone(text, defaultCountry);
}

/** Full-width digits, the marks that phones put around copied numbers (U+202A…), a spreadsheet's leading ' and a float's trailing .0. */
const clean = (text: string): string =>
  text
    .slice(0, 200)
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .trim()
    .replace(/^'/, '')
    .replace(/^(\+?\d{8,})\.0$/, '$1');

const chats: readonly RegExp[] = [/^\d{5,30}(-\d{5,20})?@g\.us$/, /^\d{5,20}@lid$/, /^\d{5,30}@newsletter$/];

function fromJid(text: string, country: string): Recipient {
  // The device part (`:12`) names one phone of a person; a message goes to the person.
  const jid = text.toLowerCase().replace(/:\d{1,3}@/, '@');
  const number = /^\+?(\d+)@(s\.whatsapp\.net|c\.us)$/.exec(jid)?.[1];
  if (number !== undefined) return phone(number.startsWith('0') ? number : `+${number}`, country);
  return chats.some((shape) => shape.test(jid)) ? { is: 'chat', jid } : refuse('chat');
}

function phone(text: string, country: string): Recipient {
  const compact = text.replace(/[\s().\-/\u2010-\u2015\u2212]/g, '');
  if (!/^[+\d]*$/.test(compact)) return refuse('letters');
  if (compact.lastIndexOf('+') > 0) return refuse('plus');
  const digits = compact.replace(/^(\+|00)/, '');
  // Longer than any number with prefixes can be: nothing below need look at it.
  if (digits.length < 5 || digits.length > 20 || digits.startsWith('00')) return refuse('length');
  // No calling code begins with 0: `+0812…` is a local number with a sign too many.
  const number = digits !== compact && !digits.startsWith('0') ? international(digits, country) : bare(digits, country);
  return /^[1-9]\d{7,14}$/.test(number) ? { is: 'phone', number } : refuse('length');
}

/** Begins with a calling code. As given, but for the spreadsheet's double prefix (`+62 0812…`; not `+39 06…`, where the 0 belongs). */
function international(digits: string, country: string): string {
  const parsed = parsePhoneNumberFromString(`+${digits}`);
  const code = digits.startsWith(country) ? country : parsed?.countryCallingCode;
  const doubled = code !== undefined && digits[code.length] === '0' && (code === country || parsed?.isValid());
  const without = doubled && parsed ? parsed.number.slice(1) : digits;
  // One zero at a time, until nothing changes: what comes out here must stay what it is when it comes in again.
  return without.length < digits.length ? international(without, country) : digits;
}

/** Neither `+` nor `00`: at home, unless that is no mobile number and abroad it is one (webhooks and answers tell `60123456789`). */
function bare(digits: string, country: string): string {
  const home = parsePhoneNumberFromString(`+${country}${digits}`);
  if (home && (home.isValid() || digits.startsWith('0'))) return international(home.number.slice(1), country);
  if (digits.startsWith(country)) return international(digits, country);
  const abroad = parsePhoneNumberFromString(`+${digits}`);
  const isAbroad = abroad?.isValid() || (abroad?.isPossible() && !home?.isPossible());
  return isAbroad ? international(digits, country) : country + digits;
}

/** As answers, history and webhooks tell it. */
export const recipientText = (recipient: Recipient): string =>
  recipient.is === 'phone' ? recipient.number : recipient.jid;

/** WhatsApp's wire calls a channel a newsletter. */
export const isChannel = (chat: string): boolean => chat.endsWith('@newsletter');

/** The chat as WhatsApp addresses it. */
export const chatOf = (recipient: Recipient): string =>
  recipient.is === 'phone' ? `${recipient.number}@s.whatsapp.net` : recipient.jid;
