import type { Json, OpenApi } from './document.ts';

/** One line of a table of fields. Nested fields are written with dots: `device.status`. */
export interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly type: string;
  readonly description: string;
  /** Bounds and allowed words, for people. */
  readonly rules: string;
  readonly where?: string;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly default?: Json;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly format?: string;
}

/** The fields of an object schema, its references followed. */
export function fieldsOf(given: Json, document: OpenApi, prefix = ''): Field[] {
  const schema = follow(given as Schema, document);
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const name = `${prefix}${key}`;
    const own = follow(property, document);
    const inner = innerObject(own, document);
    return [
      {
        name,
        required: schema.required?.includes(key) ?? false,
        type: typeOf(own, document),
        description: property.description ?? own.description ?? '',
        rules: rulesOf(own),
      },
      ...(inner ? fieldsOf(inner as Json, document, own.type === 'array' ? `${name}[].` : `${name}.`) : []),
    ];
  });
}

function follow(schema: Schema, document: OpenApi): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : follow((document.components.schemas[name] ?? {}) as Schema, document);
}

/** The object whose fields are worth lines of their own: itself, an array's item, or what else than null it may be. */
function innerObject(schema: Schema, document: OpenApi): Schema | undefined {
  const candidates = [schema, ...(schema.items ? [schema.items] : []), ...(schema.anyOf ?? [])];
  return candidates.map((one) => follow(one, document)).find((one) => one.properties !== undefined);
}

function typeOf(schema: Schema, document: OpenApi): string {
  if (schema.anyOf)
    return [...new Set(schema.anyOf.map((one) => typeOf(follow(one, document), document)))].join(' or ');
  if (schema.type === 'array')
    return `list of ${schema.items ? typeOf(follow(schema.items, document), document) : 'anything'}`;
  if (schema.format === 'binary') return 'file';
  if (schema.type === undefined && schema.enum)
    return [...new Set(schema.enum.map((value) => typeof value))].join(' or ');
  return [schema.type ?? []].flat().join(' or ');
}

function rulesOf(schema: Schema): string {
  const words = schema.enum?.filter((value) => typeof value === 'string');
  return [
    words && words.length > 0 && words.join(' | '),
    schema.maxLength !== undefined && `at most ${schema.maxLength} characters`,
    schema.default !== undefined && `default ${String(schema.default)}`,
  ]
    .filter((rule) => typeof rule === 'string')
    .join('; ');
}
