import type { z } from 'zod';
import { type FailureCode, failures } from '../../base/errors.ts';
import { failureSchema } from '../envelope.ts';
import { panel } from '../panel/routes.ts';
import type { Row } from '../row.ts';
import type { Json, OpenApi, OperationObject, Parameter } from './document.ts';
import { failureResponses } from './failures.ts';
import { jsonSchema } from './json-schema.ts';
import { panelOperation, panelTags } from './panel.ts';
import { parameters, requestBody } from './parts.ts';
import { webhookOperations } from './webhooks.ts';

interface About {
  readonly version: string;
  /** Where the server is reached; `/` in the document that is checked in. */
  readonly url: string;
}

type Routes = readonly { readonly prefix: string; readonly rows: readonly Row[] }[];

/**
 * The OpenAPI 3.1 document of the route tables: from the schemas that check the requests and the table of ways to fail. `dashboard`
 * is null where only the public API is to be told.
 */
export function describe(routes: Routes, { version, url }: About, dashboard: typeof panel | null = panel): OpenApi {
  const paths: Record<string, Record<string, OperationObject>> = {};
  const components = new Map<string, Json>();
  for (const { prefix, rows } of routes)
    for (const row of rows) {
      const path = `${prefix}${row.path}`;
      paths[path] = { ...paths[path], [row.method.toLowerCase()]: operation(row, components) };
    }
  for (const row of dashboard?.rows ?? []) {
    const path = `${dashboard?.prefix}${row.path}`;
    paths[path] = { ...paths[path], [row.method.toLowerCase()]: panelOperation(row, components) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'WAGate API',
      version,
      description:
        'Send WhatsApp messages from your own application or website. Every device has its own API token; the token alone says which device sends. Every answer carries `X-Request-Id`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url, description: 'This server' }],
    tags: [
      { name: 'Messages', description: 'Sending, history, cancelling.' },
      { name: 'Inbox', description: 'What people write to the device.' },
      { name: 'Groups', description: 'The groups that the device is in.' },
      { name: 'Webhooks', description: 'Being told of what happens, signed and tried again.' },
      { name: 'Events', description: 'The same, live.' },
      { name: 'Device', description: 'The device that the token belongs to.' },
      { name: 'Health', description: 'For load balancers and monitors.' },
      ...(dashboard === null ? [] : panelTags(dashboard.rows)),
    ],
    paths,
    webhooks: webhookOperations(components),
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'wag_…',
          description: 'The API token of a device. Only this header is read, never a query parameter.',
        },
        ...(dashboard !== null && {
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'wagate',
            description:
              'The session of a browser that is signed in; named __Host-wagate over TLS. Writes are taken only from pages of this server (Sec-Fetch-Site, Origin).',
          },
        }),
      },
    },
    'x-failures': (Object.keys(failures) as FailureCode[]).map((code) => ({
      status: failures[code][0],
      code,
      message: failures[code][1],
    })),
  };
}

function operation(row: Row, components: Map<string, Json>): OperationObject {
  const schema = (of: z.ZodType, io: 'input' | 'output') => jsonSchema(of, io, components);
  return {
    operationId: row.operation.id,
    tags: [row.operation.tag],
    summary: row.operation.summary,
    description: row.operation.description,
    security: row.enter === 'token' ? [{ token: [] }] : [],
    parameters: [
      ...parameters('path', row.params && schema(row.params, 'input'), { id: '1' }),
      ...parameters('query', row.query && schema(row.query, 'input'), row.examples?.query),
      ...(row.idempotent ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(row.body && { requestBody: requestBody(row, schema(row.body, 'input')) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(row.answers).map(([status, answer]) => [
          status,
          {
            description: answer.description,
            content: {
              [row.produces ?? 'application/json']: {
                schema: schema(answer.schema, 'output'),
                example: answer.example as Json,
              },
            },
          },
        ]),
      ),
      ...failureResponses(row, schema(failureSchema, 'output')),
    },
  };
}

const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A word of your own, at most 255 characters: the same key and body within 24 hours give the first answer again, with `Idempotency-Replayed: true`, and nothing is sent twice.',
  schema: { type: 'string', maxLength: 255 },
};
