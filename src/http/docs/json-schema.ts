import { z } from 'zod';
import type { Json } from './document.ts';

/** A schema as JSON Schema 2020-12; schemas with an id become components. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output', components: Map<string, Json>): Json {
  const whole = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    // Answers may gain keys: a client must not be told otherwise.
    override: ({ jsonSchema: made }) => {
      if (made.additionalProperties === false) delete made.additionalProperties;
    },
  });
  const {
    $schema: _dialect,
    $defs = {},
    ...rest
  } = JSON.parse(JSON.stringify(whole).replaceAll('"#/$defs/', '"#/components/schemas/')) as {
    $schema?: string;
    $defs?: Record<string, Json>;
  } & Record<string, Json>;
  for (const [id, definition] of Object.entries($defs)) components.set(id, withoutId(definition));
  const id = rest.id;
  if (typeof id !== 'string') return rest;
  components.set(id, withoutId(rest));
  return { $ref: `#/components/schemas/${id}` };
}

const withoutId = (definition: Json): Json => {
  const { id: _id, ...rest } = definition as Record<string, Json>;
  return rest;
};
