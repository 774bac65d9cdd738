import type { Description, Operation, Schema } from './description.ts';

/** A generator of numbers that gives the same ones for the same seed (mulberry32). */
export function createDice(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    chance: (p: number) => next() < p,
    below: (n: number) => Math.floor(next() * n),
    pick: <T>(some: readonly T[]): T => some[Math.floor(next() * some.length)] as T,
  };
}
export type Dice = ReturnType<typeof createDice>;

/** What nobody asked for. */
const junk: readonly unknown[] = [
  null, true, false, 0, -1, 1, 1.5, -0, 1e15, 1e16, 2 ** 53, 1e308, -1e308, 2_147_483_648, '', ' ', '\0', 'a\0b', '\ud800', '\u202e\u0007', '😀'.repeat(50),
  'x'.repeat(300), 'y'.repeat(6_000), '9'.repeat(400), '0', '-1', '1e3', 'NaN', 'Infinity', 'null', 'undefined', 'true', '[object Object]', '__proto__', 'constructor',
  "' or 1=1 --", '"; drop table message; --', '%00', '%', '../../etc/passwd', '..%2f..%2f', '<script>alert(1)</script>', '{{7*7}}', '\r\nSet-Cookie: a=b',
  '2025-02-30', '9999-12-31T23:59:59Z', '0000-00-00', '2025-12-10T10:00:00+99:99', 'wag_', `wag_${'0'.repeat(49)}`, [], {}, [[]], [null], { a: { b: {} } }, [1, 'a', null],
  { length: 1e9 }, 'http://127.0.0.1:1/', 'file:///etc/passwd', 'javascript:alert(1)', '628990000001@s.whatsapp.net', '120363041234567890@g.us', '1@lid', '@', '+', '+62',
]; // biome-ignore format: a list to be read as a paragraph

/** What a field of this name is likely to hold, so that a request comes further than its validation. */
export interface Pools {
  readonly [name: string]: readonly unknown[];
}

export interface FuzzedRequest {
  readonly operation: Operation;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | FormData | undefined;
}

export function createRequests({ resolve }: Pick<Description, 'resolve'>, dice: Dice, pools: () => Pools) {
  function value(given: Schema, name: string, depth = 0): unknown {
    const schema = resolve(given);
    if (dice.chance(0.12)) return dice.pick(junk);
    const pool = pools()[name];
    if (pool !== undefined && pool.length > 0 && dice.chance(0.75)) return dice.pick(pool);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return dice.pick(schema.enum);
    const some = schema.anyOf ?? schema.oneOf;
    if (some !== undefined) return value(dice.pick(some), name, depth);
    const type = Array.isArray(schema.type) ? dice.pick(schema.type) : schema.type;
    switch (type) {
      case 'boolean':
        return dice.chance(0.5);
      case 'null':
        return null;
      case 'integer':
      case 'number':
        return number(schema);
      case 'array':
        return Array.from({ length: dice.below(4) }, () => value(schema.items ?? {}, name, depth + 1));
      case 'object':
        return depth > 4 ? {} : object(schema, depth);
      case 'string':
        return string(schema);
      default:
        return dice.pick(junk);
    }
  }

  function number({ minimum = -10, maximum = 1_000 }: Schema): number {
    const edge = [minimum, maximum, minimum - 1, maximum + 1, 0, 1];
    return dice.chance(0.3) ? dice.pick(edge) : Math.round(minimum + dice.below(1_000) * ((maximum - minimum) / 1_000));
  }

  function string({ minLength = 0, maxLength = 60 }: Schema): string {
    const letters = ['a', 'Z', '7', ' ', 'é', '—', '😀', "'", '"', '\\', '\n', '%', '<', '&', '\u0000', '\u200b'];
    const length = dice.chance(0.1) ? maxLength + 1 : Math.min(maxLength, minLength + dice.below(24));
    return Array.from({ length: Math.min(length, 6_000) }, () => dice.pick(letters)).join('');
  }

  function object({ properties = {}, required = [] }: Schema, depth: number): Record<string, unknown> {
    const made: Record<string, unknown> = {};
    for (const [name, schema] of Object.entries(properties))
      if (required.includes(name) ? !dice.chance(0.06) : dice.chance(0.4)) made[name] = value(schema, name, depth + 1);
    if (dice.chance(0.08))
      made[dice.pick(['session_id', 'account_id', 'is_admin', 'constructor', '__proto__', 'a'.repeat(500)])] =
        dice.pick(junk);
    return made;
  }

  const asText = (made: unknown): string =>
    (typeof made === 'object' ? JSON.stringify(made) : String(made)).toWellFormed();

  /** Only what a path can carry: an empty part would be another route. */
  const inPath = (made: unknown) => {
    const text = asText(made).replace(/^\.+$/, 'dots').slice(0, 400) || '0';
    return encodeURIComponent(text);
  };

  return function request(operation: Operation): FuzzedRequest {
    const query = new URLSearchParams();
    const headers: Record<string, string> = {};
    let path = operation.path;
    for (const parameter of operation.parameters) {
      const kind = parameter.in === 'path' ? `${nounBefore(operation.path, parameter.name)}` : parameter.name;
      const made = value(parameter.schema, kind);
      if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, inPath(made));
      else if (parameter.required || dice.chance(0.35)) {
        if (parameter.in === 'query') query.append(parameter.name, asText(made));
        // A header holds no control characters and nothing beyond Latin-1: fetch itself refuses them.
        else
          headers[parameter.name] = asText(made)
            .replace(/[^\x20-\x7e]/g, '')
            .slice(0, 300);
      }
    }
    if (dice.chance(0.03))
      query.append(dice.pick(['limit', 'page', 'q', '__proto__', 'token']), asText(dice.pick(junk)));
    const url = `${path}${query.size > 0 ? `?${query}` : ''}`;
    const made = bodyOf(operation);
    if (typeof made === 'string') headers['content-type'] = dice.chance(0.02) ? 'text/plain' : 'application/json';
    return { operation, url, headers, body: made };
  };

  function bodyOf({ body, takesForm, method }: Operation): string | FormData | undefined {
    if (body === undefined || method === 'GET') return undefined;
    if (dice.chance(0.015))
      return dice.pick(['', '{', '[', 'null', '"text"', '[]', '{"a":', '{"__proto__":{}}', '\ufeff{}']);
    if (dice.chance(0.003)) return JSON.stringify({ message: 'm'.repeat(1_100_000) });
    if (dice.chance(0.01)) return `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
    const made = dice.chance(0.04) ? dice.pick(junk) : value(body, '');
    if (takesForm && dice.chance(0.15)) {
      const form = new FormData();
      for (const [name, one] of Object.entries(Object(made))) form.append(name.slice(0, 50), asText(one));
      form.append(
        'file',
        new Blob([dice.chance(0.5) ? 'text' : Buffer.from('89504e470d0a1a0a', 'hex')]),
        dice.pick(['a.png', '../x', '']),
      );
      return form;
    }
    return JSON.stringify(made) ?? '';
  }
}

/** `/devices/{id}/webhooks/{webhook_id}`: which noun a parameter is of. */
const nounBefore = (path: string, parameter: string): string =>
  /([^/]+)\/\{[^}]+\}$/.exec(path.slice(0, path.indexOf(`{${parameter}}`) + parameter.length + 2))?.[1] ?? parameter;
