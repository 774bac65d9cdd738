import { type Filling, quoted, type SampleLanguage } from './filling.ts';

const head = (f: Filling, path: string) => `const apiToken = ${quoted(f.token)};
const apiUrl = ${quoted(`${f.origin}/api/v1${path}`)};
`;

const post = (
  f: Filling,
  path: string,
  fields: readonly (readonly [string, string])[],
  done: string,
) => `${head(f, path)}
fetch(apiUrl, {
  method: 'POST',
  headers: {
    'Authorization': \`Bearer \${apiToken}\`,
    'Content-Type': 'application/json'
  },
  body: JSON.stringify({
${fields.map(([name, value]) => `    ${name}: ${quoted(value)}`).join(',\n')}
  })
})
  .then(response => response.json())
  .then(data => {
    if (data.success) {
      console.log('${done}:', data.data);
    } else {
      console.error('Error:', data.message);
    }
  })
  .catch(error => console.error('Request failed:', error));`;

const get = (f: Filling, path: string, then: string) => `${head(f, path)}
fetch(apiUrl, {
  headers: { 'Authorization': \`Bearer \${apiToken}\` }
})
  .then(response => response.json())
  .then(data => {
    if (data.success) {
${then}
    } else {
      console.error('Error:', data.message);
    }
  })
  .catch(error => console.error('Request failed:', error));`;

export const javascript: SampleLanguage = {
  id: 'javascript',
  label: 'JavaScript',
  title: 'JavaScript (Fetch API)',
  write: {
    sendText: (f) =>
      post(
        f,
        '/send-message',
        [
          ['recipient', f.recipient],
          ['message', f.message],
        ],
        'Message sent',
      ),

    sendMedia: (f) =>
      post(
        f,
        '/send-media',
        [
          ['recipient', f.recipient],
          ['media_url', f.mediaUrl],
          ['media_type', 'image'],
          ['caption', f.caption],
        ],
        'Media sent',
      ),

    device: (f) =>
      get(
        f,
        '/device',
        `      console.log('Device:', data.data.device.status);
      console.log('Messages left:', data.data.subscription?.message_remaining ?? 0);`,
      ),

    messages: (f) =>
      get(
        f,
        '/messages?limit=10&status=sent',
        `      for (const message of data.data) {
        console.log(message.recipient + ': ' + message.state);
      }`,
      ),

    retry: (f) => `${head(f, '/send-message')}
async function send(message, key) {
  for (let attempt = 0; attempt < 5; attempt++) {
    let retryAfter = 0;
    try {
      const response = await fetch(apiUrl, {
        method: 'POST',
        headers: {
          'Authorization': \`Bearer \${apiToken}\`,
          'Content-Type': 'application/json',
          // The same key for every attempt: the message is sent once.
          'Idempotency-Key': key
        },
        body: JSON.stringify(message),
        signal: AbortSignal.timeout(30000)
      });
      // 409: an earlier attempt is still running.
      if (![409, 429].includes(response.status) && response.status < 500) {
        return await response.json();
      }
      retryAfter = Number(response.headers.get('Retry-After')) || 0;
    } catch (error) {
      console.error('No answer:', error.message);
    }
    const seconds = Math.max(retryAfter, 2 ** attempt);
    await new Promise(resolve => setTimeout(resolve, seconds * 1000));
  }
  return { success: false, message: 'no answer' };
}

send({ recipient: ${quoted(f.recipient)}, message: ${quoted(f.message)} }, ${quoted(f.key)})
  .then(result => {
    if (result.success) {
      console.log('Message sent:', result.data.message_id);
    } else {
      console.error('Error:', result.message);
    }
  });`,
  },
};
