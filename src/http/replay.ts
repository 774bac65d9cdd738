import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { type FailureCode, invalid, isFailure } from '../base/errors.ts';
import type { Caller, IdempotentAnswer } from '../gateway/contract.ts';
import { failureBody } from './envelope.ts';
import type { Gateway, ReceivedFile } from './row.ts';

const HEADER = 'Idempotency-Key';
const LONGEST_KEY = 255;

/**
 * Refusals that accepted nothing and that pass with time or by what the owner does: the next try with the same key is a new one.
 * Remembered, they would keep a customer's own retry from ever sending.
 */
const passing = new Set<FailureCode>([
  'device_not_connected',
  'quota_exhausted',
  'subscription_expired',
  'device_suspended',
  'account_suspended',
  'rate_limited',
  'idempotency_in_progress',
]);

/** The key of a request, or undefined. Throws `validation_failed`. */
export function idempotencyKey(request: FastifyRequest): string | undefined {
  const given = request.headers['idempotency-key'];
  const key = (Array.isArray(given) ? given.join(',') : given)?.trim();
  if (!key) return undefined;
  if (key.length > LONGEST_KEY) throw invalid(HEADER, `${HEADER} must be at most ${LONGEST_KEY} characters`);
  return key;
}

/** What makes two requests the same: route, fields as they were understood, and the bytes of an upload. */
export function requestHash(route: string, body: unknown, upload: ReceivedFile | undefined): Uint8Array {
  const hash = createHash('sha256').update(`${route}\n${stable(body)}\n`);
  if (upload) hash.update(JSON.stringify([upload.filename, upload.mimetype])).update(upload.hash);
  return hash.digest();
}

const stable = (body: unknown) =>
  JSON.stringify(body, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );

interface Once {
  readonly caller: Caller;
  readonly key: string;
  readonly hash: Uint8Array;
  readonly requestId: string;
  answer(): Promise<IdempotentAnswer>;
  /** The answer for a message that an earlier life of the process had accepted under this key. */
  resume(messageId: number): Promise<IdempotentAnswer>;
}

/** Runs `answer` once for a key. A definite failure is an answer, too; a passing one is thrown and not remembered. */
export const once = (
  { caller, key, hash, requestId, answer, resume }: Once,
  { idempotency }: Pick<Gateway, 'idempotency'>,
) => {
  const told = async (work: () => Promise<IdempotentAnswer>): Promise<IdempotentAnswer> => {
    try {
      return await work();
    } catch (error) {
      if (!isFailure(error) || error.status >= 500 || passing.has(error.code)) throw error;
      return { status: error.status, body: JSON.stringify(failureBody(error, requestId)) };
    }
  };
  return idempotency.once(caller, key, hash, {
    answer: () => told(answer),
    resume: (messageId) => told(() => resume(messageId)),
  });
};
