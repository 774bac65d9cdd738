import { type LanguageId, phpQuoted, quoted } from './filling.ts';

/** A program that webhooks are posted to: it verifies the signature, answers at once, and does its work after that. */
export interface ReceiverSample {
  readonly id: LanguageId;
  readonly label: string;
  /** Its file, and how it is run. */
  readonly title: string;
  readonly write: (secret: string) => string;
}

/** The reader replaces it. */
export const SECRET = 'YOUR_WEBHOOK_SECRET';

const php = (secret: string) => `<?php

$secret = ${phpQuoted(secret)}; // whsec_…

/** Whether one of the signatures was made with the secret, not more than five minutes ago. */
function isGenuine(string $secret, string $body): bool
{
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (! ctype_digit($timestamp) || abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    // Two signatures during a rotation: of the new and of the old secret.
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $signature) {
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}

$body = file_get_contents('php://input'); // the very bytes: the signature is over these
if (! isGenuine($secret, $body)) {
    http_response_code(400);
    exit('bad signature');
}

$event = json_decode($body, true);
// The same event may come twice: remember $event['id'], and do nothing when you know it.
if ($event['type'] === 'message.received') {
    error_log($event['data']['from'] . ': ' . $event['data']['text']);
} else {
    error_log($event['type']);
}
http_response_code(204); // any 2xx, within 15 seconds; do what takes longer after the answer`;

const node = (secret: string) => `import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = ${quoted(secret)}; // whsec_…

/** Whether one of the signatures was made with the secret, not more than five minutes ago. */
function isGenuine(headers, body) {
  const id = headers['webhook-id'] ?? '';
  const timestamp = headers['webhook-timestamp'] ?? '';
  if (!/^\\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = Buffer.from(
    'v1,' + createHmac('sha256', key).update(\`\${id}.\${timestamp}.\`).update(body).digest('base64'),
  );
  // Two signatures during a rotation: of the new and of the old secret.
  return (headers['webhook-signature'] ?? '').split(' ').some((signature) => {
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks); // the very bytes: the signature is over these
  if (!isGenuine(request.headers, body)) {
    response.writeHead(400).end('bad signature');
    return;
  }
  response.writeHead(204).end(); // any 2xx, within 15 seconds; do what takes longer after the answer

  const event = JSON.parse(body.toString());
  // The same event may come twice: remember event.id, and do nothing when you know it.
  if (event.type === 'message.received') console.log(\`\${event.data.from}: \${event.data.text}\`);
  else console.log(event.type);
});
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');`;

const python = (secret: string) => `import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = ${quoted(secret)}  # whsec_…


def is_genuine(headers, body):
    """Whether one of the signatures was made with the secret, not more than five minutes ago."""
    id = headers.get('webhook-id', '')
    timestamp = headers.get('webhook-timestamp', '')
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > 300:
        return False
    key = base64.b64decode(SECRET.removeprefix('whsec_'))
    digest = hmac.new(key, f'{id}.{timestamp}.'.encode() + body, hashlib.sha256).digest()
    expected = b'v1,' + base64.b64encode(digest)
    # Two signatures during a rotation: of the new and of the old secret.
    signatures = headers.get('webhook-signature', '').split(' ')
    return any(hmac.compare_digest(expected, signature.encode()) for signature in signatures)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        # The very bytes: the signature is over these.
        body = self.rfile.read(int(self.headers.get('content-length', 0)))
        if not is_genuine(self.headers, body):
            self.answer(400, b'bad signature')
            return
        self.answer(204)  # any 2xx, within 15 seconds; do what takes longer after the answer

        event = json.loads(body)
        # The same event may come twice: remember event['id'], and do nothing when you know it.
        if event['type'] == 'message.received':
            print(f"{event['data']['from']}: {event['data']['text']}", flush=True)
        else:
            print(event['type'], flush=True)

    def answer(self, status, text=b''):
        self.send_response(status)
        if text:
            self.send_header('content-length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)


ThreadingHTTPServer(('127.0.0.1', int(os.environ.get('PORT', 8080))), Receiver).serve_forever()`;

export const receivers: readonly ReceiverSample[] = [
  { id: 'php', label: 'PHP', title: 'webhook.php', write: php },
  { id: 'javascript', label: 'Node.js', title: 'webhook.mjs', write: node },
  { id: 'python', label: 'Python', title: 'webhook.py', write: python },
];
