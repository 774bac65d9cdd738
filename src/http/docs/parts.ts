import type { Row } from '../row.ts';
import type { Content, Json, OperationObject, Parameter } from './document.ts';

/** How a request is described, whichever table its row is in. */

type ObjectSchema = { readonly properties?: Readonly<Record<string, Json>>; readonly required?: readonly string[] };

export function parameters(
  where: 'query' | 'path',
  schema: Json | undefined,
  examples: Readonly<Record<string, string>> = {},
): Parameter[] {
  const { properties = {}, required = [] } = (schema ?? {}) as ObjectSchema;
  return Object.entries(properties).map(([name, property]) => {
    const { description = '', ...rest } = property as { description?: string } & Record<string, Json>;
    const example = examples[name];
    return {
      name,
      in: where,
      required: required.includes(name),
      description,
      schema: rest,
      ...(example !== undefined && { example }),
    };
  });
}

export function requestBody(
  { upload, examples }: Pick<Row, 'upload' | 'examples'>,
  schema: Json,
): NonNullable<OperationObject['requestBody']> {
  const json: Content = { schema, ...(examples?.body !== undefined && { example: examples.body as Json }) };
  if (!upload) return { required: true, content: { 'application/json': json } };
  const { properties, required = [], ...rest } = schema as ObjectSchema & Record<string, Json>;
  const form: Json = {
    ...rest,
    properties: {
      ...properties,
      [upload.field]: {
        type: 'string',
        format: 'binary',
        description: `The file, instead of \`${upload.insteadOf}\`.`,
      },
    },
    required: required.filter((name) => name !== upload.insteadOf),
  };
  return { required: true, content: { 'application/json': json, 'multipart/form-data': { schema: form } } };
}
