import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** A JSON Schema as openapi.json has it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Content {
  readonly schema?: Schema;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly id: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  readonly takesForm: boolean;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
interface OperationObject {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Operation['responses'];
}

/** The published description: what may be asked, and what may be answered. */
export function readDescription() {
  const document = JSON.parse(readFileSync(new URL('../../../openapi.json', import.meta.url), 'utf8')) as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, one]): Operation => ({
        method: method.toUpperCase(),
        path,
        id: one.operationId,
        parameters: one.parameters ?? [],
        body: one.requestBody?.content['application/json']?.schema,
        takesForm: one.requestBody?.content['multipart/form-data'] !== undefined,
        responses: one.responses,
      }),
    ),
  );
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  ajv.addSchema({ $id: 'document', ...document } as object);
  const compiled = new Map<string, ValidateFunction>();

  /** What an answer breaks of its description; undefined: nothing. */
  function breachOf(operation: Operation, status: number, type: string | null, text: string): string | undefined {
    const response = operation.responses[String(status)];
    if (response === undefined) return `${status} is not described`;
    const essence = type?.split(';')[0] ?? '';
    if (response.content === undefined) return text === '' ? undefined : 'a body where none is described';
    if (response.content[essence] === undefined) return `${essence || 'no type'} is not described for ${status}`;
    if (essence !== 'application/json') return undefined;
    const name = `${operation.method} ${operation.path} ${status}`;
    const known = compiled.get(name);
    const pointer = [
      'paths',
      operation.path,
      operation.method.toLowerCase(),
      'responses',
      String(status),
      'content',
      essence,
      'schema',
    ];
    const check =
      known ??
      ajv.compile({
        $ref: `document#/${pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`,
      });
    compiled.set(name, check);
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return 'it is not JSON';
    }
    if (check(body)) return undefined;
    const [first] = check.errors ?? [];
    return `${first?.instancePath} ${first?.message} ${JSON.stringify(first?.params)}`;
  }

  const resolve = (schema: Schema): Schema =>
    schema.$ref === undefined ? schema : (document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});

  return { operations, breachOf, resolve };
}

export type Description = ReturnType<typeof readDescription>;
