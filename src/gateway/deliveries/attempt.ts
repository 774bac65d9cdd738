import type { Clock } from '../../base/clock.ts';
import type { Egress, PostAnswer } from '../../net/egress.ts';
import { Unreachable } from '../../net/reasons.ts';
import type { DeliveryOutcome, DeliveryRow, WebhookRow } from '../../store/index.ts';
import { payloadOf } from './payload.ts';
import { signedHeaders } from './signing.ts';

/** What came of one request. `reason`: why it counts as failed. */
export interface Attempt extends DeliveryOutcome {
  readonly retryAfter: string | null;
}

/** Posts an event to an endpoint, signed with each secret that counts. Only what no answer and no network can bring about is thrown. */
export async function attempt(
  {
    egress,
    timeoutMs,
    clock,
  }: { readonly egress: Pick<Egress, 'post'>; readonly timeoutMs: number; readonly clock: Clock },
  row: DeliveryRow,
  webhook: WebhookRow,
  signal?: AbortSignal,
): Promise<Attempt> {
  const body = payloadOf(row, webhook.format);
  const now = clock.now();
  const began = clock.monotonic();
  const old = webhook.old_secret !== null && (webhook.old_secret_until ?? 0) > now ? [webhook.old_secret] : [];
  const ended = () => ({ took_ms: Math.round(clock.monotonic() - began), at: clock.now() });
  try {
    const answer = await egress.post(webhook.url, {
      headers: signedHeaders(row.uid, body, [webhook.secret, ...old], now),
      body,
      timeoutMs,
      headersTimeoutMs: timeoutMs,
      signal,
    });
    const { status, retryAfter } = answer;
    return { status, reason: refusalOf(answer), answer: answer.body, retryAfter, ...ended() };
  } catch (error) {
    if (!(error instanceof Unreachable) && !signal?.aborted) throw error;
    const reason = error instanceof Unreachable ? error.reason : 'the gateway is stopping';
    return { status: null, reason, answer: null, retryAfter: null, ...ended() };
  }
}

const refusalOf = ({ status }: PostAnswer): string | null => {
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400 ? `HTTP ${status}: redirects are not followed` : `HTTP ${status}`;
};
