import type { z } from 'zod';
import { type FailureCode, failures } from '../../base/errors.ts';
import { failureSchema } from '../envelope.ts';
import { envelopeOf } from '../panel/envelope.ts';
import type { PanelRow } from '../panel/row.ts';
import type { Json, OperationObject } from './document.ts';
import { jsonSchema } from './json-schema.ts';
import { parameters, requestBody } from './parts.ts';

/** One route of the dashboard as OpenAPI has it. */
export function panelOperation(row: PanelRow, components: Map<string, Json>): OperationObject {
  const schema = (of: z.ZodType, io: 'input' | 'output') => jsonSchema(of, io, components);
  const success = row.produces
    ? { [row.produces]: { schema: { type: 'string' } as Json } }
    : { 'application/json': { schema: schema(envelopeOf(row), 'output') } };
  const entrance = whoEnters(row);
  return {
    operationId: row.operation.id,
    tags: [row.operation.tag],
    summary: row.operation.summary,
    description: [row.operation.description, entrance].filter((part) => part !== '').join(' '),
    security: row.enter === 'anyone' ? [] : [{ session: [] }],
    parameters: [
      ...parameters('path', row.params && schema(row.params, 'input'), {}),
      ...parameters('query', row.query && schema(row.query, 'input')),
    ],
    ...(row.body && { requestBody: requestBody(row.upload ? { upload: row.upload } : {}, schema(row.body, 'input')) }),
    responses: {
      [String(row.status ?? 200)]: { description: row.operation.summary, content: success },
      ...failureResponses(row, schema(failureSchema, 'output')),
    },
  };
}

function whoEnters({ enter }: PanelRow): string {
  if (enter === 'anyone') return '';
  const roles = enter.roles.length === 4 ? 'every role' : enter.roles.join(', ');
  return `For ${roles}${enter.admin ? ' of the administrators’ account' : ''}.`;
}

/** What a row can fail with: its own codes, and those that sessions, roles and bodies bring with them. */
const failuresOf = (row: PanelRow): readonly FailureCode[] => [
  ...(row.failures ?? []),
  'rate_limited',
  ...(row.params ? (['not_found'] as const) : []),
  ...(row.query ? (['validation_failed'] as const) : []),
  ...(row.enter === 'anyone' ? [] : (['not_signed_in', 'temporarily_unavailable'] as const)),
  ...(row.enter !== 'anyone' && row.enter.roles.length < 4 ? (['not_allowed'] as const) : []),
  ...(row.enter !== 'anyone' && !row.enter.evenSuspended ? (['account_suspended'] as const) : []),
  ...(row.method === 'GET' ? [] : (['foreign_site'] as const)),
  ...(row.body ? (['malformed_json', 'validation_failed', 'body_too_large', 'unsupported_media_type'] as const) : []),
  'internal_error',
];

/** The tags that the rows name, in their order. */
export const panelTags = (rows: readonly PanelRow[]) =>
  [...new Set(rows.map(({ operation }) => operation.tag))].map((name) => ({
    name,
    description: 'For the dashboard of this server, which changes with it: not a stable API.',
  }));

function failureResponses(row: PanelRow, schema: Json): OperationObject['responses'] {
  const codes = new Set(failuresOf(row));
  const inOrder = (Object.keys(failures) as FailureCode[]).filter((code) => codes.has(code));
  return Object.fromEntries(
    [...Map.groupBy(inOrder, (code) => failures[code][0])].map(([status, some]) => [
      String(status),
      {
        description: some.map((code) => `\`${code}\``).join(', '),
        content: { 'application/json': { schema } },
      },
    ]),
  );
}
