import { type Filling, phpQuoted, type SampleLanguage } from './filling.ts';

const head = (f: Filling, uses = '') => `<?php

${uses}use Illuminate\\Support\\Facades\\Http;

$apiToken = ${phpQuoted(f.token)}; // better: config('services.wagate.token')
`;

const post = (f: Filling, path: string, fields: readonly (readonly [string, string])[], done: string) => `${head(f)}
$response = Http::withToken($apiToken)
    ->acceptJson()
    ->timeout(30)
    ->post(${phpQuoted(`${f.origin}/api/v1${path}`)}, [
${fields.map(([name, value]) => `        ${phpQuoted(name)} => ${phpQuoted(value)},`).join('\n')}
    ]);

if ($response->json('success')) {
    echo '${done}: ' . $response->json('data.message_id') . PHP_EOL;
} else {
    echo 'Error: ' . $response->json('message') . PHP_EOL;
}`;

const get = (f: Filling, path: string, query: string, then: string) => `${head(f)}
$response = Http::withToken($apiToken)
    ->acceptJson()
    ->timeout(30)
    ->get(${phpQuoted(`${f.origin}/api/v1${path}`)}${query});

if ($response->json('success')) {
${then}
} else {
    echo 'Error: ' . $response->json('message') . PHP_EOL;
}`;

export const laravel: SampleLanguage = {
  id: 'laravel',
  label: 'Laravel',
  title: 'Laravel (Http)',
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
        '',
        `    echo 'Device: ' . $response->json('data.device.status') . PHP_EOL;
    echo 'Messages left: ' . $response->json('data.subscription.message_remaining', 0) . PHP_EOL;`,
      ),

    messages: (f) =>
      get(
        f,
        '/messages',
        `, [
        'limit' => 10,
        'status' => 'sent',
    ]`,
        `    foreach ($response->json('data') as $message) {
        echo $message['recipient'] . ': ' . $message['state'] . PHP_EOL;
    }`,
      ),

    // A loop of its own: the client's retry() takes a wait that grows, and tells a refusal from an error, only from Laravel 9 on.
    retry: (f) => `${head(f, 'use Illuminate\\Http\\Client\\ConnectionException;\n')}
$response = null;

for ($attempt = 0; $attempt < 5; $attempt++) {
    $wait = 2 ** $attempt;
    try {
        $response = Http::withToken($apiToken)
            ->acceptJson()
            ->timeout(30)
            // The same key for every attempt: the message is sent once.
            ->withHeaders(['Idempotency-Key' => ${phpQuoted(f.key)}])
            ->post(${phpQuoted(`${f.origin}/api/v1/send-message`)}, [
                'recipient' => ${phpQuoted(f.recipient)},
                'message' => ${phpQuoted(f.message)},
            ]);
        // 409: an earlier attempt is still running.
        if (! in_array($response->status(), [409, 429]) && ! $response->serverError()) {
            break;
        }
        $wait = max($wait, (int) $response->header('Retry-After'));
    } catch (ConnectionException $error) {
        // No answer at all.
    }
    sleep($wait);
}

if ($response && $response->json('success')) {
    echo 'Message sent: ' . $response->json('data.message_id') . PHP_EOL;
} else {
    echo 'Error: ' . ($response ? $response->json('message') : 'no answer') . PHP_EOL;
}`,
  },
};
