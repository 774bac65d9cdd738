import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

// Writes dashboard/src/api/types.ts from the dashboard's part of openapi.json (paths under /api/panel). With --check: writes nothing,
// and fails when the file that is checked in is stale. It knows the JSON Schema that our own document uses, and refuses any other word.

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema | boolean;
  readonly prefixItems?: readonly Schema[];
  readonly description?: string;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}
type Content = Readonly<Record<string, { readonly schema?: Schema }>>;
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

const PREFIX = '/api/panel';
const source = new URL('../openapi.json', import.meta.url);
const target = new URL('../dashboard/src/api/types.ts', import.meta.url);
const fresh = render(JSON.parse(readFileSync(source, 'utf8')) as Document);

if (!process.argv.includes('--check')) {
  mkdirSync(new URL('.', target), { recursive: true });
  writeFileSync(target, fresh);
} else if (read() !== fresh) {
  process.stderr.write('dashboard/src/api/types.ts is stale. Please run: node scripts/api-types.ts\n');
  process.exitCode = 1;
}

function read(): string | undefined {
  try {
    return readFileSync(target, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function render(document: Document): string {
  const used = new Set<string>();
  const rows = Object.entries(document.paths)
    .filter(([path]) => path.startsWith(`${PREFIX}/`))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]) => `  '${method.toUpperCase()} ${path}': ${operationType(operation, used)};`,
      ),
    );
  const named = namedTypes(document.components?.schemas ?? {}, used);
  return [
    '// Made from openapi.json by scripts/api-types.ts.',
    '// biome-ignore-all format: it is generated',
    '',
    ...named,
    '/** Every route that the dashboard may ask. `answer` is the whole envelope. */',
    'export interface Operations {',
    ...rows,
    '}',
    '',
  ].join('\n');
}

/** Schemas that the operations name, and those that these name in turn. */
function namedTypes(schemas: Readonly<Record<string, Schema>>, used: Set<string>): string[] {
  const lines: string[] = [];
  const done = new Set<string>();
  for (;;) {
    const name = [...used].sort().find((candidate) => !done.has(candidate));
    if (name === undefined) return lines;
    done.add(name);
    const schema = schemas[name];
    if (schema === undefined) throw new Error(`openapi.json names the schema ${name} and does not have it`);
    lines.push(`export type ${name} = ${typeOf(schema, used, '')};`, '');
  }
}

function operationType(operation: Operation, used: Set<string>): string {
  const parts: string[] = [];
  for (const place of ['path', 'query'] as const) {
    const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === place);
    if (parameters.length === 0) continue;
    const fields = parameters.map(
      ({ name, required, schema }) => `${key(name)}${required ? '' : '?'}: ${typeOf(schema, used, '    ')}`,
    );
    parts.push(`${place === 'path' ? 'params' : 'query'}: { ${fields.join('; ')} }`);
  }
  const body = operation.requestBody?.content['application/json']?.schema;
  if (body !== undefined) parts.push(`body: ${typeOf(body, used, '    ')}`);
  else if (operation.requestBody?.content['multipart/form-data'] !== undefined) parts.push('body: FormData');
  parts.push(`answer: ${answerType(operation, used)}`);
  return `{\n    ${parts.join(';\n    ')};\n  }`;
}

function answerType(operation: Operation, used: Set<string>): string {
  const answers = Object.entries(operation.responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, { content }]) => content?.['application/json']?.schema)
    .filter((schema) => schema !== undefined)
    .map((schema) => typeOf(schema, used, '    '));
  return answers.length === 0 ? 'null' : [...new Set(answers)].join(' | ');
}

function typeOf(schema: Schema, used: Set<string>, indent: string): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    used.add(name);
    return name;
  }
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) return [...new Set(union.map((part) => typeOf(part, used, indent)))].join(' | ');
  if (schema.allOf !== undefined) return schema.allOf.map((part) => `(${typeOf(part, used, indent)})`).join(' & ');
  if (Array.isArray(schema.type))
    return schema.type.map((type: string) => typeOf({ ...schema, type }, used, indent)).join(' | ');
  switch (schema.type) {
    case 'string':
      return 'string';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'array':
      return arrayType(schema, used, indent);
    case 'object':
      return objectType(schema, used, indent);
    case undefined:
      return schema.properties === undefined ? 'unknown' : objectType(schema, used, indent);
    default:
      throw new Error(
        `openapi.json has a schema of type ${String(schema.type)}, which scripts/api-types.ts does not know`,
      );
  }
}

function arrayType(schema: Schema, used: Set<string>, indent: string): string {
  if (schema.prefixItems !== undefined)
    return `[${schema.prefixItems.map((item) => typeOf(item, used, indent)).join(', ')}]`;
  const { items } = schema;
  return typeof items === 'object' ? `Array<${typeOf(items, used, indent)}>` : 'unknown[]';
}

function objectType(schema: Schema, used: Set<string>, indent: string): string {
  const inner = `${indent}  `;
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const optional = schema.required?.includes(name) ? '' : '?';
    const comment = property.description === undefined ? '' : `${inner}/** ${oneLine(property.description)} */\n`;
    return `${comment}${inner}${key(name)}${optional}: ${typeOf(property, used, inner)};`;
  });
  if (fields.length > 0) return `{\n${fields.join('\n')}\n${indent}}`;
  const more = schema.additionalProperties;
  if (typeof more === 'object') return `Record<string, ${typeOf(more, used, indent)}>`;
  return more === false ? 'Record<string, never>' : 'Record<string, unknown>';
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : String(value);
}

function key(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`;
}

function oneLine(text: string): string {
  return text.replaceAll('*/', '* /').replace(/\s+/g, ' ');
}
