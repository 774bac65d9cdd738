import type { Filling, SampleLanguage } from './filling.ts';

/** JSON within single quotes of a shell, its lines set in as the command's are. */
const json = (body: object) => JSON.stringify(body, null, 2).replaceAll("'", "'\\''").replaceAll('\n', '\n  ');

const get = (path: string) => (f: Filling) =>
  `curl -X GET ${f.origin}/api/v1${path} \\
  -H "Authorization: Bearer ${f.token}"`;

export const curl: SampleLanguage = {
  id: 'curl',
  label: 'curl',
  title: 'curl',
  write: {
    sendText: (f) => `curl -X POST ${f.origin}/api/v1/send-message \\
  -H "Authorization: Bearer ${f.token}" \\
  -H "Content-Type: application/json" \\
  -d '${json({ recipient: f.recipient, message: f.message })}'`,

    sendMedia: (f) => `curl -X POST ${f.origin}/api/v1/send-media \\
  -H "Authorization: Bearer ${f.token}" \\
  -H "Content-Type: application/json" \\
  -d '${json({ recipient: f.recipient, media_url: f.mediaUrl, media_type: 'image', caption: f.caption })}'`,

    device: get('/device'),

    messages: (f) => `curl -X GET "${f.origin}/api/v1/messages?limit=10&status=sent" \\
  -H "Authorization: Bearer ${f.token}"`,

    retry: (f) => `# curl itself waits as Retry-After says, or 1, 2, 4 … seconds.
curl -X POST ${f.origin}/api/v1/send-message \\
  --retry 5 --retry-connrefused \\
  -H "Authorization: Bearer ${f.token}" \\
  -H "Content-Type: application/json" \\
  -H "Idempotency-Key: ${f.key}" \\
  -d '${json({ recipient: f.recipient, message: f.message })}'`,
  },
};
