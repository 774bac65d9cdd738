import { asError } from '../base/errors.ts';
import { LinkError, type LinkErrorCode } from './link.ts';
import { UnreadableKeyError } from './signal/index.ts';

/** What Baileys throws: Boom errors, iq errors with WhatsApp's code as `data`, and bare numbers (1006: the socket closed). */
interface Thrown {
  readonly message?: unknown;
  readonly data?: unknown;
  readonly output?: { readonly statusCode?: unknown };
}

const fieldsOf = (thrown: unknown): Thrown => (typeof thrown === 'object' && thrown !== null ? thrown : {});

/** The close code of `lastDisconnect.error`; 500 is what WhatsApp means by "some error". */
export function statusOf(thrown: unknown): number {
  const status = fieldsOf(thrown).output?.statusCode;
  return typeof status === 'number' && Number.isFinite(status) ? status : 500;
}

/** WhatsApp's own number in an iq error. A Boom of Baileys' own has none: its status code is 500 whatever happened. */
export function whatsappCodeOf(thrown: unknown): number | null {
  const { data } = fieldsOf(thrown);
  if (typeof data === 'number') return data;
  const attrs = fieldsOf(data) as { attrs?: { code?: unknown } };
  return Number(attrs.attrs?.code) || null;
}

const byMessage: readonly (readonly [text: RegExp, code: LinkErrorCode])[] = [
  [/connection closed|connection terminated|websocket is not open|query cancelled|intentional logout/i, 'closed'],
  [/timed? ?out/i, 'timed_out'],
  [/media upload failed/i, 'media_failed'],
];

/** Whatever was thrown, as one of the contract's errors. `doing` completes "WhatsApp … while …". */
export function linkErrorOf(thrown: unknown, doing: string): LinkError {
  if (thrown instanceof LinkError) return thrown;
  const cause = asError(thrown);
  if (cause instanceof UnreadableKeyError) return new LinkError('unreadable', cause.message, { cause });
  if (typeof thrown === 'number')
    return new LinkError('closed', `The connection closed (${thrown}) while ${doing}.`, { cause });
  const whatsappCode = whatsappCodeOf(thrown);
  const code: LinkErrorCode =
    whatsappCode === 429
      ? 'rate_limited'
      : ((whatsappCode === null ? byMessage.find(([text]) => text.test(cause.message))?.[1] : undefined) ?? 'rejected');
  return new LinkError(code, `${cause.message} (while ${doing})`, {
    cause,
    ...(whatsappCode === null ? {} : { whatsappCode }),
  });
}

/** An error that carries a close code to where Baileys ends the socket. */
export const closing = (code: number, message: string, cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { output: { statusCode: code } });

export const unanswered = (doing: string): LinkError =>
  new LinkError('timed_out', `WhatsApp did not answer in time while ${doing}.`);
