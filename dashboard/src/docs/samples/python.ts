import { type Filling, quoted, type SampleLanguage } from './filling.ts';

const head = (f: Filling, path: string) => `api_token = ${quoted(f.token)}
api_url = ${quoted(`${f.origin}/api/v1${path}`)}
`;

const post = (
  f: Filling,
  path: string,
  fields: readonly (readonly [string, string])[],
  done: string,
) => `import requests

${head(f, path)}
headers = {
    'Authorization': f'Bearer {api_token}',
    'Content-Type': 'application/json'
}

data = {
${fields.map(([name, value]) => `    ${quoted(name)}: ${quoted(value)}`).join(',\n')}
}

response = requests.post(api_url, headers=headers, json=data)
result = response.json()

if result['success']:
    print('${done}:', result['data'])
else:
    print('Error:', result['message'])`;

const get = (f: Filling, path: string, then: string) => `import requests

${head(f, path)}
headers = {'Authorization': f'Bearer {api_token}'}

response = requests.get(api_url, headers=headers)
result = response.json()

if result['success']:
${then}
else:
    print('Error:', result['message'])`;

export const python: SampleLanguage = {
  id: 'python',
  label: 'Python',
  title: 'Python (requests)',
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
        `    print('Device:', result['data']['device']['status'])
    subscription = result['data']['subscription'] or {}
    print('Messages left:', subscription.get('message_remaining', 0))`,
      ),

    messages: (f) =>
      get(
        f,
        '/messages?limit=10&status=sent',
        `    for message in result['data']:
        print(message['recipient'] + ': ' + message['state'])`,
      ),

    retry: (f) => `import time

import requests

${head(f, '/send-message')}
headers = {
    'Authorization': f'Bearer {api_token}',
    # The same key for every attempt: the message is sent once.
    'Idempotency-Key': ${quoted(f.key)}
}

data = {
    'recipient': ${quoted(f.recipient)},
    'message': ${quoted(f.message)}
}

result = {'success': False, 'message': 'no answer'}

for attempt in range(5):
    retry_after = 0
    try:
        response = requests.post(api_url, headers=headers, json=data, timeout=30)
        # 409: an earlier attempt is still running.
        if response.status_code not in (409, 429) and response.status_code < 500:
            result = response.json()
            break
        retry_after = int(response.headers.get('Retry-After', 0))
    except requests.RequestException as error:
        print('No answer:', error)
    time.sleep(max(retry_after, 2 ** attempt))

if result['success']:
    print('Message sent:', result['data']['message_id'])
else:
    print('Error:', result['message'])`,
  },
};
