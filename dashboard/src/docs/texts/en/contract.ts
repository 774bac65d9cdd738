import type { ContractTexts } from '../shape.ts';

const texts: ContractTexts = {
  start: {
    title: 'Getting Started',
    lead: 'The WAGate API lets you send WhatsApp messages from your own application or website. Every WhatsApp device has an API token of its own, which is used for authentication.',
    how: 'How it works',
    steps: [
      'Generate an API token in the dashboard for your WhatsApp device',
      'Keep the token safe (it is shown only once)',
      'Use the token to authenticate every API request',
      'Send WhatsApp messages from your application!',
    ],
    security: 'Security',
    securityText:
      'Do not share your API token with anybody! The token gives full access to sending messages from your WhatsApp device.',
    baseUrl: 'Base URL',
    baseUrlText: 'All addresses on this page are those of this server. Answers are always JSON in UTF-8.',
  },
  authentication: {
    title: 'Authentication',
    lead: 'All API endpoints use Bearer token authentication. Put your token into the header:',
    get: 'How to get an API token',
    steps: [
      'Sign in to the WAGate dashboard',
      'Connect your WhatsApp device (scan the QR code)',
      'The token is generated automatically when the device is first created',
      'See the token in the dashboard → click the device → look at the card "🔑 API Token"',
      'Click the 🔑 button to view/regenerate the token',
    ],
    tips: 'Token tips',
    tipItems: [
      'The token is shown once, when it is first generated or regenerated',
      'Keep the token in a safe place (environment variables, secrets manager)',
      'If you lose the token, regenerate it in the dashboard (the old token becomes invalid)',
      'Every device has a token of its own',
    ],
    ready: 'Once the device is connected, the token can be used right away!',
    onlyHeader: 'The token is read from the `Authorization` header only, never from the query string or the body.',
  },
  endpoint: {
    body: 'Request Body',
    query: 'Query Parameters',
    request: 'Example Request',
    success: 'Success Response (200)',
    pending: 'Still being sent (202)',
    errors: 'Error Responses',
    superset:
      'Every failure also carries `code` (a stable word for your program) and `request_id` (for the administrator). All of them are listed under [Error codes](#errors).',
    unauthorized: 'The token is not valid',
  },
  sendMessage: {
    lead: 'Send a WhatsApp text message to a number.',
    recipient: 'Required: WhatsApp number of the recipient (format 62xxx)',
    message: 'Required: the text (max 5000 characters)',
    showTyping: 'Optional: show the typing indicator (default: true)',
    notRegistered: 'The number is not registered on WhatsApp',
    notConnected: 'The device is not connected',
    invalid: 'Validation Error',
    waits:
      'The answer waits for WhatsApp’s acknowledgement, at most {waitSeconds} seconds. If nothing is certain by then, the answer is 202 with `status: "pending"`: the message is stored and will still be sent, so do not send it again. See what becomes of it with [GET /messages/{id}](#one-message).',
  },
  sendMedia: {
    lead: 'Send a WhatsApp message with media (image, video, audio, document) from a URL.',
    note: 'Note',
    noteText: 'This endpoint is for sending media only. For plain text messages use the endpoint `/send-message`',
    recipient: 'Required: WhatsApp number of the recipient (format 62xxx)',
    mediaUrl: 'Required: URL of the media',
    mediaType: 'Optional: image|video|audio|document',
    caption: 'Optional: caption of the media',
    captionValue: 'This is a caption',
    types: 'Media Type Options',
    typeItems: [
      '`image` → JPEG, PNG, GIF, WebP',
      '`video` → MP4, MOV, WebM',
      '`audio` → MP3, OGG, WAV',
      '`document` → PDF, DOC, DOCX, XLS, XLSX, PPT',
    ],
    unreachable: 'The media URL is not valid or cannot be reached',
    missing: 'Validation Error - a parameter is missing',
    tips: 'Tips',
    tipItems: [
      'Without `media_type` the system detects the kind from the Content-Type header of the URL',
      'The media URL must be accessible from the server (not behind authentication)',
      'Largest media size: {mediaMb}MB',
      'Download timeout: {mediaSeconds} seconds',
      'The URL must be complete, with its protocol (https://)',
    ],
    upload: 'Upload a file',
    uploadText:
      'Instead of `media_url`, send a `multipart/form-data` form with the field `file`. Put the other fields before the file. `filename` (optional) is the name that the recipient of a document sees; `caption` has at most {captionLength} characters. A file that is no image, video or audio goes as a document, and so does audio with a caption, since WhatsApp has none for audio. Opus in Ogg without a caption goes as a voice message.',
  },
  device: {
    lead: 'Get information about the device, user, subscription and statistics.',
    more: '`status` is one of `connected`, `connecting`, `pairing`, `disconnected`, `logged_out` or `suspended`, as it is right now. `phone_number` is `null` until the device is paired. `health` tells what is wrong, or soon will be. Messages left = quota − (sent + failed + pending) within the subscription’s period.',
  },
  messages: {
    lead: 'Get the history of messages, in pages.',
    limit: 'Optional: messages per page (max 100, default 50)',
    page: 'Optional: page (default 1)',
    status: 'Optional: filter by status (sent|failed|pending)',
    filters: 'More filters',
    filterHead: ['Parameter', 'Meaning'],
    filterRows: {
      state: 'Finer than status: `queued`, `sending`, `sent`, `delivered`, `read`, `failed`, `expired`, `cancelled`.',
      recipient: 'Only to this number, however it is written.',
      ref: 'Only with this id of yours.',
      since: 'Accepted by the server then or later. ISO 8601 with an offset, or Unix seconds.',
      until: 'Accepted by the server then or earlier.',
    },
    more: 'Newest first. `status` is the short word: `pending` (accepted, not yet acknowledged by WhatsApp), `sent` (acknowledged, or further), `failed`. `state` is finer, with the time of each step. A `limit` above 100 is taken as 100.',
  },
  examples: {
    title: 'Code Examples',
    lead: 'Choose a language once; all samples on this page follow. Replace `YOUR_API_TOKEN` with your token.',
    sendText: 'Send Text Message',
    sendMedia: 'Send Media',
    retry: 'Retry safely',
    retryText:
      'This sample tries up to five times when there is no answer, 409, 429 or 5xx. Because the `Idempotency-Key` stays the same, the message is sent only once.',
    choose: 'Language of the samples',
  },
  practices: {
    title: 'Best Practices',
    items: {
      token: ['Token security', 'Do not hardcode the token. Use environment variables or secrets management.'],
      rate: ['Rate limiting', 'The API has a rate limit. Implement retries with exponential backoff.'],
      quota: [
        'Monitor the quota',
        'Use the endpoint GET /device to check the remaining quota before sending many messages.',
      ],
      errors: ['Handle errors', 'Always check the response status and handle errors well (401, 403, 422, 500).'],
      numbers: ['Number format', 'Use the international format (62xxx) without + or spaces.'],
      once: [
        'Do not send twice',
        'Send an `Idempotency-Key` with every message that matters, and repeat the request with the same key when the connection breaks.',
      ],
    },
  },
};
export default texts;
