import { createHmac } from 'node:crypto';

/**
 * The headers of Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks, spec 1.0): HMAC-SHA256 over
 * `id.timestamp.body`, one signature for each secret that counts. `now`: Unix ms.
 */
export function signedHeaders(id: string, body: string, secrets: readonly string[], now: number) {
  const timestamp = String(Math.floor(now / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
