import type { FastifyRequest } from 'fastify';
import { type Failure, failure } from '../base/errors.ts';

interface Issue {
  /** The field, from `/field/…`. */
  readonly field: string;
  readonly sentence: string;
}

/**
 * A request that breaks its schema: which field, which rule. The sentences are those of the schemas in `v1/fields.ts`; where a
 * required field is missing or empty, the message is the one sentence of the contract document and `errors` names each field.
 */
export function breach(error: object, request: FastifyRequest): Failure {
  const row = request.routeOptions.config.row;
  if ('validationContext' in error && error.validationContext === 'params')
    return failure('not_found', { what: row?.operation.tag.endsWith('essages') ? 'The message' : 'It' });

  const issues = readIssues(error);
  const body: unknown = request.body;
  const isMissing = (field: string) =>
    typeof body !== 'object' || body === null || (body as Record<string, unknown>)[field] === undefined;
  const missing =
    row?.requires?.fields.filter((field) => issues.some((i) => i.field === field) && isMissing(field)) ?? [];

  const errors: Record<string, string[]> = {};
  for (const { field, sentence } of issues) {
    const said = missing.includes(field) ? `${field} is required` : sentence;
    const sentences = errors[field] ?? [];
    if (!sentences.includes(said)) errors[field] = [...sentences, said];
  }
  const reason = missing.length > 0 && row?.requires ? row.requires.sentence : Object.values(errors).flat().join('. ');
  return failure('validation_failed', { reason }, { errors });
}

function readIssues(error: object): Issue[] {
  const raw = 'validation' in error && Array.isArray(error.validation) ? error.validation : [];
  return raw.map((issue: { instancePath?: string; message?: string }) => ({
    field: issue.instancePath?.split('/')[1] || 'body',
    sentence: issue.message ?? 'The request is not valid',
  }));
}
