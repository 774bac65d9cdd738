import { envelopes } from '../v1/event-schemas.ts';
import type { Json, OpenApi, Parameter } from './document.ts';
import { jsonSchema } from './json-schema.ts';

/** What is posted to webhooks, by type; the body of a live event is the same. */
export const webhookOperations = (components: Map<string, Json>): OpenApi['webhooks'] =>
  Object.fromEntries(
    envelopes.map(({ type, summary, schema }) => [
      type,
      {
        post: {
          operationId: `on.${type}`,
          tags: ['Webhooks'],
          summary,
          description:
            'Any 2xx within 15 seconds is taken as a yes. Verify the signature with a library of Standard Webhooks, and expect that an event may come twice under one `webhook-id`.',
          parameters: HEADERS,
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(schema, 'output', components) } },
          },
          responses: { '2XX': { description: 'It was taken.' }, '410': { description: 'Tell this address no more.' } },
        },
      },
    ]),
  );

const header = (name: string, description: string): Parameter => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
});

const HEADERS: readonly Parameter[] = [
  header('webhook-id', 'The same at each attempt to deliver this event.'),
  header('webhook-timestamp', 'Unix seconds of this attempt.'),
  header(
    'webhook-signature',
    '`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`; two of them during a rotation.',
  ),
];
