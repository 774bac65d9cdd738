import { type Filling, phpQuoted, type SampleLanguage } from './filling.ts';

const head = (f: Filling, path: string) => `<?php
$apiToken = ${phpQuoted(f.token)};
$apiUrl = ${phpQuoted(`${f.origin}/api/v1${path}`)};
`;

const post = (
  f: Filling,
  path: string,
  fields: readonly (readonly [string, string])[],
  done: string,
) => `${head(f, path)}
$data = [
${fields.map(([name, value]) => `    ${phpQuoted(name)} => ${phpQuoted(value)}`).join(',\n')}
];

$ch = curl_init($apiUrl);
curl_setopt($ch, CURLOPT_RETURNTRANSFER, true);
curl_setopt($ch, CURLOPT_POST, true);
curl_setopt($ch, CURLOPT_POSTFIELDS, json_encode($data));
curl_setopt($ch, CURLOPT_HTTPHEADER, [
    'Authorization: Bearer ' . $apiToken,
    'Content-Type: application/json'
]);

$response = curl_exec($ch);
$result = json_decode($response, true);

if ($result['success']) {
    echo "${done}";
} else {
    echo "Error: " . $result['message'];
}

curl_close($ch);
?>`;

const get = (f: Filling, path: string, then: string) => `${head(f, path)}
$ch = curl_init($apiUrl);
curl_setopt($ch, CURLOPT_RETURNTRANSFER, true);
curl_setopt($ch, CURLOPT_HTTPHEADER, ['Authorization: Bearer ' . $apiToken]);

$response = curl_exec($ch);
$result = json_decode($response, true);

if ($result['success']) {
${then}
} else {
    echo "Error: " . $result['message'];
}

curl_close($ch);
?>`;

export const php: SampleLanguage = {
  id: 'php',
  label: 'PHP',
  title: 'PHP (cURL)',
  write: {
    sendText: (f) =>
      post(
        f,
        '/send-message',
        [
          ['recipient', f.recipient],
          ['message', f.message],
        ],
        'Message sent successfully!',
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
        'Media sent successfully!',
      ),

    device: (f) =>
      get(
        f,
        '/device',
        `    echo "Device: " . $result['data']['device']['status'] . PHP_EOL;
    echo "Messages left: " . ($result['data']['subscription']['message_remaining'] ?? 0) . PHP_EOL;`,
      ),

    messages: (f) =>
      get(
        f,
        '/messages?limit=10&status=sent',
        `    foreach ($result['data'] as $message) {
        echo $message['recipient'] . ': ' . $message['state'] . PHP_EOL;
    }`,
      ),

    retry: (f) => `${head(f, '/send-message')}
$data = [
    'recipient' => ${phpQuoted(f.recipient)},
    'message' => ${phpQuoted(f.message)}
];

for ($attempt = 0; $attempt < 5; $attempt++) {
    $retryAfter = 0;
    $ch = curl_init($apiUrl);
    curl_setopt($ch, CURLOPT_RETURNTRANSFER, true);
    curl_setopt($ch, CURLOPT_TIMEOUT, 30);
    curl_setopt($ch, CURLOPT_POST, true);
    curl_setopt($ch, CURLOPT_POSTFIELDS, json_encode($data));
    curl_setopt($ch, CURLOPT_HTTPHEADER, [
        'Authorization: Bearer ' . $apiToken,
        'Content-Type: application/json',
        // The same key for every attempt: the message is sent once.
        'Idempotency-Key: ' . ${phpQuoted(f.key)}
    ]);
    curl_setopt($ch, CURLOPT_HEADERFUNCTION, function ($ch, $line) use (&$retryAfter) {
        if (stripos($line, 'Retry-After:') === 0) {
            $retryAfter = (int) trim(substr($line, 12));
        }
        return strlen($line);
    });
    $response = curl_exec($ch);
    $status = curl_getinfo($ch, CURLINFO_RESPONSE_CODE);

    // 0: no answer. 409: an earlier attempt is still running.
    if ($status !== 0 && $status !== 409 && $status !== 429 && $status < 500) {
        break;
    }
    sleep(max($retryAfter, 2 ** $attempt));
}

$result = json_decode($response ?: '{}', true);

if ($result['success'] ?? false) {
    echo "Message sent: " . $result['data']['message_id'];
} else {
    echo "Error: " . ($result['message'] ?? 'no answer');
}
?>`,
  },
};
