import { z } from 'zod';
import type { FailureCode } from '../../base/errors.ts';
import type { MediaRequest, RequestKey, SendOutcome, SendRequest } from '../../gateway/contract.ts';
import { successSaying } from '../envelope.ts';
import {
  type Answer,
  type DocumentedAnswer,
  forToken,
  type Gateway,
  type ReceivedFile,
  type TokenAsk,
} from '../row.ts';
import { flag, label, recipient, reference, replyTo, text, time, whole, word } from './fields.ts';
import { priorities, priorityWords, sentData, sentView } from './views.ts';

/** Beyond it WhatsApp's retry receipts could not be answered any more. */
const LONGEST_WAIT_SECONDS = 14 * 86_400;

const manners = {
  show_typing: flag('show_typing', 'Show “typing…” before the message (default true).').optional(),
  ref: reference('Your own id, at most 255 characters: stored, and shown in the history.').optional(),
  priority: word(
    'priority',
    priorityWords,
    'high goes ahead of normal, normal ahead of low (default normal).',
  ).optional(),
  scheduled_at: time('scheduled_at', 'Not before then; the answer is 202 at once.').optional(),
  when_offline: word(
    'when_offline',
    ['hold', 'fail'],
    'hold: wait for the device when it is not connected, instead of failing (default fail).',
  ).optional(),
  expires_in: whole(
    'expires_in',
    1,
    LONGEST_WAIT_SECONDS,
    'Seconds that the message may wait (default 86400).',
  ).optional(),
  reply_to: replyTo.optional(),
  async: flag('async', 'Answer 202 at once, without waiting for WhatsApp (default false).').optional(),
};

const textBody = z.object({
  recipient,
  message: text('message', 5000, 'The text, 1 to 5000 characters.'),
  ...manners,
});

const mediaBody = z.object({
  recipient,
  media_url: text(
    'media_url',
    2048,
    'Full address (https://) of the media, at most 100 MB. Instead of it a file can be uploaded.',
  ),
  media_type: word(
    'media_type',
    ['image', 'video', 'audio', 'document'],
    'Absent: decided from Content-Type and the bytes.',
  ).optional(),
  caption: text(
    'caption',
    1024,
    'Caption of the media. WhatsApp has none for audio: audio with a caption goes as a document.',
  ).optional(),
  filename: label(
    'filename',
    255,
    'Name that a document is shown with; absent: the last segment of the address.',
  ).optional(),
  ...manners,
});

type Manners = z.output<z.ZodObject<typeof manners>>;

const request = (
  body: Manners & { recipient: string | number },
  idempotencyKey: RequestKey | null,
  content: SendRequest['content'],
): SendRequest => ({
  recipient: body.recipient,
  content,
  showTyping: body.show_typing ?? true,
  ref: body.ref ?? null,
  priority: priorities[body.priority ?? 'normal'],
  scheduledAt: body.scheduled_at ?? null,
  hold: body.when_offline === 'hold',
  expiresIn: body.expires_in ?? null,
  async: body.async ?? false,
  idempotencyKey,
  ...(body.reply_to !== undefined && { replyTo: body.reply_to }),
});

const source = (url: string, upload: ReceivedFile | undefined): MediaRequest['source'] =>
  upload ? { upload: upload.open() } : { url };

async function send(
  { caller, signal }: Pick<TokenAsk, 'caller' | 'signal'>,
  { messages }: Pick<Gateway, 'messages'>,
  asked: SendRequest,
  sentence: string,
): Promise<Answer> {
  return answerOf(await messages.send(caller, asked, signal), sentence);
}

function answerOf(outcome: SendOutcome, sentence: string): Answer {
  const sent = outcome.is === 'sent';
  return {
    status: sent ? 200 : 202,
    body: { success: true, message: sent ? sentence : 'Message accepted and pending', data: sentView(outcome) },
    quotaRemaining: outcome.quotaRemaining,
  };
}

const resume =
  (sentence: string) =>
  async ({ caller, signal }: TokenAsk, { messages }: Gateway, messageId: number): Promise<Answer> =>
    answerOf(await messages.resume(caller, messageId, signal), sentence);

const example = { message_id: '3EB0CABA1D0D7BFC2500', timestamp: 1702353600, id: 1, recipient: '628123456789' };

const answers = (sentence: string): Record<number, DocumentedAnswer> => ({
  200: {
    schema: successSaying(sentData),
    description: 'WhatsApp has acknowledged the message.',
    example: { success: true, message: sentence, data: { ...example, status: 'sent' } },
  },
  202: {
    schema: successSaying(sentData),
    description:
      'The message is stored and will be sent: it is scheduled, held or paced, or WhatsApp has not answered in time.',
    example: { success: true, message: 'Message accepted and pending', data: { ...example, status: 'pending' } },
  },
});

const refusals: readonly FailureCode[] = [
  'number_not_registered',
  'device_not_connected',
  'refused_by_whatsapp',
  'send_failed',
  'message_expired',
  'message_cancelled',
  'quota_exhausted',
  'subscription_expired',
  'device_suspended',
  'account_suspended',
  'recipient_opted_out',
];

const TEXT_SENT = 'Message sent successfully';
const MEDIA_SENT = 'Media message sent successfully';

export const sendMessage = forToken({
  method: 'POST',
  path: '/send-message',
  operation: {
    id: 'sendMessage',
    tag: 'Messages',
    summary: 'Send a text',
    description:
      'Sends a text to a number. The answer waits for WhatsApp’s acknowledgement, at most 20 seconds. Unknown fields are ignored.',
  },
  body: textBody,
  requires: { fields: ['recipient', 'message'], sentence: 'session_id, recipient, and message are required' },
  idempotent: true,
  answers: answers(TEXT_SENT),
  failures: refusals,
  examples: { body: { recipient: '628123456789', message: 'Hello from my app!' } },
  handle: (ask, gateway) =>
    send(ask, gateway, request(ask.body, ask.idempotencyKey, { is: 'text', text: ask.body.message }), TEXT_SENT),
  resume: resume(TEXT_SENT),
});

export const sendMedia = forToken({
  method: 'POST',
  path: '/send-media',
  operation: {
    id: 'sendMedia',
    tag: 'Messages',
    summary: 'Send an image, video, audio or document',
    description:
      'Sends media from an address (`media_url`), or a file that is uploaded as `multipart/form-data` in the field `file`. At most 100 MB and 30 seconds for the download. What is no image, video or audio goes as a document, and Opus in Ogg as a voice message.',
  },
  body: mediaBody,
  requires: { fields: ['recipient', 'media_url'], sentence: 'session_id, recipient, and media_url are required' },
  upload: { field: 'file', insteadOf: 'media_url' },
  idempotent: true,
  answers: answers(MEDIA_SENT),
  failures: ['media_unreachable', ...refusals],
  examples: {
    body: {
      recipient: '628123456789',
      media_url: 'https://example.com/photo.jpg',
      media_type: 'image',
      caption: 'Check out this photo!',
    },
  },
  handle: (ask, gateway) =>
    send(
      ask,
      gateway,
      request(ask.body, ask.idempotencyKey, {
        is: 'media',
        source: source(ask.body.media_url, ask.upload),
        mediaType: ask.body.media_type ?? null,
        caption: ask.body.caption ?? null,
        filename: ask.body.filename ?? null,
      }),
      MEDIA_SENT,
    ),
  resume: resume(MEDIA_SENT),
});
