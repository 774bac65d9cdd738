import { expect } from 'vitest';
import type { Json } from './document.ts';

/**
 * That an answer has every key of the document's, of the same type and in the same order; it may have more. With `values`, the
 * values are the document's, too.
 */
export function expectAsDocumented(actual: unknown, documented: Json, { values = false } = {}, where = 'answer'): void {
  expect(typeOf(actual), `type of ${where}`).toBe(typeOf(documented));
  if (Array.isArray(documented)) {
    const [item] = documented;
    expect(Array.isArray(actual) && actual.length > 0, `${where} has something in it`).toBe(true);
    if (item !== undefined && Array.isArray(actual))
      for (const [i, one] of actual.entries()) expectAsDocumented(one, item, { values }, `${where}[${i}]`);
  } else if (typeof documented === 'object' && documented !== null) {
    const given = actual as Record<string, unknown>;
    const keys = Object.keys(documented);
    expect(
      Object.keys(given).filter((key) => keys.includes(key)),
      `keys of ${where}`,
    ).toEqual(keys);
    for (const key of keys) expectAsDocumented(given[key], documented[key] ?? null, { values }, `${where}.${key}`);
  } else if (values) expect(actual, where).toBe(documented);
  else if (typeof documented === 'string') expect(formatOf(actual), `format of ${where}`).toBe(formatOf(documented));
}

const typeOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);

/** Times, days, numbers of phones and ids of WhatsApp have a form that customers' code may read. */
const forms: readonly (readonly [name: string, form: RegExp])[] = [
  ['time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/],
  ['day', /^\d{4}-\d\d-\d\d$/],
  ['id of WhatsApp', /^3EB0[0-9A-F]{16,18}$/],
  ['phone', /^62\d{8,13}$/],
];
const formatOf = (value: unknown) => forms.find(([, form]) => form.test(String(value)))?.[0] ?? 'text';
