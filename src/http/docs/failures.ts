import { type FailureCode, failures } from '../../base/errors.ts';
import type { Row } from '../row.ts';
import type { Json, OperationObject } from './document.ts';

const EXAMPLE_REQUEST_ID = 'req_fQ2mZ0aWcV1xYb3d';

/** What a row can fail with: its own codes, and those that tokens, bodies and keys bring with them. */
const failuresOf = (row: Row): FailureCode[] => {
  const codes = new Set<FailureCode>([
    ...row.failures,
    // By address, whoever asks.
    'rate_limited',
    ...(row.params ? (['not_found'] as const) : []),
    ...(row.query ? (['validation_failed'] as const) : []),
    ...(row.enter === 'token' ? (['invalid_token', 'account_suspended', 'temporarily_unavailable'] as const) : []),
    ...(row.enter === 'token' && !row.evenSuspended ? (['device_suspended'] as const) : []),
    ...(row.body ? (['malformed_json', 'validation_failed', 'body_too_large', 'unsupported_media_type'] as const) : []),
    ...(row.idempotent ? (['idempotency_in_progress', 'idempotency_mismatch'] as const) : []),
    'internal_error',
  ]);
  return (Object.keys(failures) as FailureCode[]).filter((code) => codes.has(code));
};

/** The answers of a row that fails, by status, each code with its example. */
export function failureResponses(row: Row, schema: Json): OperationObject['responses'] {
  const byStatus = Map.groupBy(failuresOf(row), (code) => failures[code][0]);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\``).join(', '),
        content: {
          'application/json': {
            schema,
            examples: Object.fromEntries(
              codes.map((code) => [code, { summary: failures[code][1], value: failureExample(code, row) }]),
            ),
          },
        },
      },
    ]),
  );
}

function failureExample(code: FailureCode, { requires }: Row): Json {
  const reason = (code === 'validation_failed' && requires?.sentence) || undefined;
  return {
    success: false,
    message: failures[code][1].replace(/\{(\w+)\}/g, (whole, name: string) =>
      name === 'reason' && reason ? reason : (EXAMPLE_FACTS[`${code}.${name}`] ?? EXAMPLE_FACTS[name] ?? whole),
    ),
    code,
    request_id: EXAMPLE_REQUEST_ID,
    ...(code === 'validation_failed' && {
      errors: requires
        ? Object.fromEntries(requires.fields.map((field) => [field, [`${field} is required`]]))
        : { limit: ['limit must be a whole number of at least 1'] },
    }),
    ...(code === 'rate_limited' && { retry_after: 30 }),
    ...(code === 'temporarily_unavailable' && { retry_after: 5 }),
    ...(code === 'quota_exhausted' && { remaining_quota: 0 }),
  };
}

const EXAMPLE_FACTS: Readonly<Record<string, string>> = {
  number: '628123456789',
  seconds: '30',
  what: 'The message',
  state: 'sent',
  limit: '1 MB',
  given: 'text/plain',
  expected: 'application/json',
  request_id: EXAMPLE_REQUEST_ID,
  code: '463',
  advice: 'New conversations are paused for a while.',
  needed: 'linked',
  'device_busy.state': 'not linked',
  'device_limit_reached.limit': '3',
  'too_many_webhooks.limit': '20',
  'media_gone.reason': 'The media host answered 404',
  'already_decided.state': 'approved',
  method: 'PUT',
  allowed: 'GET, HEAD',
  'media_unreachable.reason': 'connect ENOTFOUND example.com',
  'validation_failed.reason': 'limit must be a whole number of at least 1',
  'whatsapp_unavailable.reason': 'WhatsApp did not answer in time',
  'send_failed.reason': 'WhatsApp did not acknowledge it',
};
