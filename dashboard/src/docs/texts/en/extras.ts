import type { ExtraTexts } from '../shape.ts';

const texts: ExtraTexts = {
  page: {
    title: 'API documentation',
    contents: 'Contents',
    link: 'Link to this section: {title}',
    groups: {
      basics: 'Basics',
      endpoints: 'Endpoints',
      sending: 'Sending',
      receiving: 'Receiving',
      practice: 'Practice',
    },
    reference: 'Full reference (OpenAPI)',
    signIn: 'Sign in',
    dashboard: 'Dashboard',
    code: 'Code',
  },
  oneMessage: {
    title: '/messages/{id}',
    lead: 'One message, as it is now. `{id}` is `data.id` of the answer to sending. A message of another device answers 404.',
    cancel: 'Cancel a message that waits',
    cancelText:
      'Cancels a message that was not yet handed to WhatsApp, and gives its quota back. A message that was sent answers 409 `not_cancellable`.',
  },
  options: {
    title: 'Sending options',
    lead: 'All of these fields are optional, for `/send-message` and `/send-media`. Unknown fields are ignored.',
    head: ['Field', 'Values', 'Meaning'],
    rows: {
      ref: [
        'text, max {keyLength}',
        'An id of your own (order, invoice). Stored, and shown in the history and in webhooks.',
      ],
      async: ['`true` | `false`', 'Answers 202 at once, without waiting for WhatsApp. Default `false`.'],
      scheduled_at: [
        'ISO 8601 or Unix seconds',
        'Not sent before then, such as `2025-12-10T10:00:00+07:00`. Answers 202 at once.',
      ],
      when_offline: [
        '`hold` | `fail`',
        '`hold`: while the device is not connected, the message waits instead of failing. Default `fail`: 400 `device_not_connected`.',
      ],
      expires_in: [
        'seconds, 1 to {expiresInMost}',
        'How long it may wait. After that the message is not sent any more and its quota comes back. Default {expiresIn} (a day).',
      ],
      priority: [
        '`high` | `normal` | `low`',
        '`high` goes ahead of `normal`, `normal` ahead of `low`. `high` (such as an OTP) is sent in quiet hours, too. Default `normal`.',
      ],
      reply_to: [
        '`data.id` of the inbox, or `message_id`',
        'The message that this one answers, shown as a quote. Of the same chat.',
      ],
      show_typing: [
        '`true` | `false`',
        'Shows “typing…” before the message, in proportion to its length. Default `true`.',
      ],
    },
    example: 'Example: scheduled, with an id of your own',
  },
  recipients: {
    title: 'Recipient formats',
    lead: 'Numbers are tidied in one place, and the answer tells the number that was used in `data.recipient`. A number without a country code belongs to the country of the device (default 62).',
    head: ['Written', 'Becomes'],
    asIs: 'as written: + or 00 in front beats the default country',
    number: 'the number',
    chat: 'that chat; `GET /groups` lists the groups of the device. A channel (`…@newsletter`) takes text only',
    refused:
      'Letters, fewer than 8 or more than 15 digits answer 422. So does `6.28123E+12` from a spreadsheet: format its column as text.',
  },
  idempotency: {
    title: 'Idempotency-Key',
    lead: 'If the connection breaks before the answer arrives, you cannot know whether the message was sent. Send the header `Idempotency-Key` with a word of your own (max {keyLength} characters) and repeat with the same key: the message will not be sent twice.',
    items: [
      'Same key and body within {keyHours} hours: the first answer is given again, with the header `Idempotency-Replayed: true`.',
      'The first request is still running: 409 `idempotency_in_progress`. Wait, then repeat.',
      'Same key, other body: 422 `idempotency_mismatch`. A new message needs a new key.',
      'Refusals that pass (device not connected, quota used up, rate limit) are not remembered: once that is mended, the same key may be used again.',
    ],
  },
  waiting: {
    title: 'Why a message waits',
    lead: 'While a message is `pending`, `waiting_for` tells why, `waiting_reason` the finer word, and `waiting_until` until when, probably.',
    head: ['`waiting_for`', 'Reason'],
    rows: {
      pacing: 'It waits for its turn: messages go out at a human pace. See [Pacing](#pacing).',
      device_offline: 'The device is not connected, and the message was sent with `when_offline: "hold"`.',
      schedule: 'It waits for `scheduled_at`.',
      retry: 'Something failed for now; it is tried again in a moment. `waiting_reason` tells what failed.',
    },
  },
  pacing: {
    title: 'Pacing',
    lead: 'WhatsApp restricts numbers that write like a machine, above all to people who never wrote back (error 463). That is why each device sends at a human pace. Every figure can be changed for each device in the dashboard. Sandbox devices have no pacing.',
    head: ['`waiting_reason`', 'Default', 'Why'],
    rows: {
      gap: [
        '{gapShortest}–{gapLongest} seconds between two messages, at random',
        'This is how people send one message after another. `high` waits only the shortest.',
      ],
      recipient_gap: [
        '{recipientGap} seconds to the same number',
        'People do not write several messages in an instant.',
      ],
      per_minute: ['{perMinute} a minute', 'As many as a busy shop writes with quick replies.'],
      per_hour: ['{perHour} an hour', 'The same, for an hour.'],
      per_day: ['{perDay} a day', 'The same, for a day.'],
      new_conversations: [
        '{newFirstDay} new conversations on the first day, growing to {newPerDay} a day after {warmUpDays} days',
        'Error 463 is met first by new numbers that open many chats.',
      ],
      quiet_hours: ['none', 'Quiet hours can be set, in the time zone of the account. `high` is sent all the same.'],
      time_lock: ['—', 'WhatsApp itself (463) lets this number open no new chats for a while.'],
    },
    promise: 'Nobody outside of WhatsApp knows its true limits: the risk can be made smaller, not taken away.',
  },
  sandbox: {
    title: 'Sandbox numbers',
    lead: 'A sandbox device runs the same code without the real WhatsApp: for development and tests (CI), without a phone and without quota. These numbers always behave the same; any other number gets the message at once and does not read it.',
    group:
      'Each sandbox device is also in one group, `Sandbox`, with `628990000001` and `628990000006`: `GET /groups` gives its id, and what you send there is read, and comes back as an incoming message of the group.',
    head: ['Number', 'What it does', 'What you see'],
    rows: {
      '628990000001': ['Delivers and reads at once', '200, then `state: "read"`'],
      '628990000002': ['Delivers after 30 seconds', '200, then `delivered` after 30 seconds'],
      '628990000003': ['Is not on WhatsApp', '400 `number_not_registered`'],
      '628990000004': ['Is refused with error 463', '400 `refused_by_whatsapp`'],
      '628990000005': ['Is never acknowledged', '202 `pending` after {waitSeconds} seconds'],
      '628990000006': ['Answers with the same text', '200, then an incoming message (`message.received`)'],
      '628990000007': ['Answers STOP', '200, then an incoming message with `opt_out: true`'],
    },
  },
  limits: {
    title: 'Limits and headers',
    lead: 'These headers come with answers and tell what is left.',
    head: ['Header', 'Meaning'],
    rows: {
      'X-Request-Id': 'Id of the request; name it when you report something to the administrator.',
      'RateLimit-Limit': 'Requests a minute for this token (default {ratePerMinute}, or as the package says).',
      'RateLimit-Remaining': 'What is left of them now.',
      'RateLimit-Reset': 'Seconds until it is full again.',
      'X-Quota-Remaining': 'Messages left of the quota. Absent for sandbox devices.',
      'Retry-After':
        'Only with 429 and 503: wait so many seconds. After 300 refusals in a minute each further one is answered a second late.',
    },
    body: 'A JSON body has at most {bodyMb} MB.',
  },
  errors: {
    title: 'Error codes',
    lead: 'The sentence in `message` is for people, `code` is for programs: codes do not change. With 422, `errors` names the field and its rule.',
    head: ['Status', 'Code', 'Sentence', 'What to do'],
    forTokens: 'For programs with a token',
    forPeople: 'In the dashboard only',
  },
  tryIt: {
    title: 'Try it',
    lead: 'Send a real message from one of your devices, from this page.',
    visitor: 'Sign in first to send from your own device.',
    noDevice: 'There is no device yet. Make one in the dashboard; a sandbox device needs no phone.',
    toDevices: 'To the devices',
    viewer: 'Your role may only look. Ask the owner of the account to change it.',
    device: 'From the device',
    offline: 'not connected',
    simulated:
      'This device is a sandbox: the message goes to a simulated phone on this server. Nobody gets it on WhatsApp, whatever number you type.',
    recipient: 'To the number',
    message: 'Message',
    hello: 'Hello from the documentation page!',
    send: 'Send',
    answer: 'Answer of the server',
    session: 'Sent through the dashboard, so without a token; the answer holds all that is known about the message.',
    required: 'Please fill this in.',
  },
};
export default texts;
