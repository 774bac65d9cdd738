import { readFileSync } from 'node:fs';

/** The contract document, read: every example in it, as it stands there. */

const text = readFileSync(new URL('./wagate-api.id.txt', import.meta.url), 'utf8');

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface DocumentedFailure {
  readonly status: number;
  /** Of the comment above it: `Token tidak valid`. */
  readonly title: string;
  readonly body: JsonObject;
}

export interface Endpoint {
  readonly path: string;
  /** The example of the request body with all its fields, comments removed. */
  readonly requestBody: JsonObject | undefined;
  /** The query string with all its parameters, comments removed. */
  readonly query: string | undefined;
  /** A command for a shell. */
  readonly curl: string;
  readonly success: JsonObject;
  readonly failures: readonly DocumentedFailure[];
}

const between = (whole: string, from: string, to: string): string => {
  const start = whole.indexOf(from);
  if (start < 0) return '';
  const end = whole.indexOf(to, start + from.length);
  return whole.slice(start + from.length, end < 0 ? undefined : end);
};

/** A comment begins with `//` after a space, or at the line's beginning: an address has its own `//`. */
const withoutComments = (json: string) => json.replace(/(^| )\/\/ .*$/gm, '');

/** The JSON object that begins at the first brace. */
function objectIn(part: string): JsonObject {
  const start = part.indexOf('{');
  let depth = 0;
  for (let i = start; i < part.length; i++) {
    if (part[i] === '{') depth += 1;
    if (part[i] === '}') depth -= 1;
    if (depth === 0) return JSON.parse(part.slice(start, i + 1));
  }
  throw new Error(`no JSON object in: ${part.slice(0, 80)}`);
}

/** The chapters of the endpoints by their paths. A heading stands on a line of its own, or right behind the example before it. */
const sections: ReadonlyMap<string, string> = (() => {
  const part = between(text, '💡 Setelah device connected', '💻 Code Examples');
  const headings = [...part.matchAll(/(?<=[\n}])(\/[a-z-]+)\n/g)];
  return new Map(headings.map((h, i) => [h[1] ?? '', part.slice(h.index + h[0].length, headings[i + 1]?.index)]));
})();

function endpoint(path: string): Endpoint {
  const section = sections.get(path) ?? '';
  const body = between(section, 'Request Body:\n', 'Example Request:');
  const query = between(section, 'Query Parameters:\n', 'Example Request:');
  return {
    path,
    requestBody: body === '' ? undefined : objectIn(withoutComments(body)),
    query: query === '' ? undefined : [...query.matchAll(/[?&](\w+=\w+)/g)].map((match) => match[1]).join('&'),
    // The copy lost the line break after a continued line.
    curl: between(section, 'Example Request:\n', 'Success Response (200):').replace(/ \\ -H/g, ' \\\n-H'),
    success: objectIn(between(section, 'Success Response (200):\n', 'Error Responses:')),
    failures: [...section.matchAll(/\/\/ (\d{3}) ([^\n]+)\n(?=\{)/g)].map((match) => ({
      status: Number(match[1]),
      title: match[2] ?? '',
      body: objectIn(section.slice(match.index + match[0].length)),
    })),
  };
}

export const sendMessage = endpoint('/send-message');
export const sendMedia = endpoint('/send-media');
export const device = endpoint('/device');
export const messages = endpoint('/messages');
export const endpoints = [sendMessage, sendMedia, device, messages];

export interface Sample {
  readonly language: 'PHP' | 'JavaScript' | 'Python';
  readonly what: string;
  readonly code: string;
}

/** The programs of the document. */
export const samples: readonly Sample[] = (() => {
  const part = `${between(text, '💻 Code Examples', '✨ Best Practices')}`;
  const titles = [...part.matchAll(/(PHP|JavaScript|Python) \([^)]*\) - Send (Text Message|Media)\n/g)];
  return titles.map((title, i) => ({
    language: title[1] as Sample['language'],
    what: title[2] ?? '',
    code: indented(title[1], part.slice(title.index + title[0].length, titles[i + 1]?.index)),
  }));
})();

/** The copy lost the indentation, which only Python needs: one line after each `if …:` and `else:`. */
function indented(language: string | undefined, code: string): string {
  return language === 'Python' ? code.replace(/^((?:if|else)\b.*:)\n/gm, '$1\n    ') : code;
}

/** The addresses and the token of the document, replaced by real ones. Nothing else is touched. */
export const fillIn = (code: string, real: { readonly url: string; readonly token: string; readonly media: string }) =>
  code
    .replaceAll('https://wagate.in', real.url)
    .replaceAll(/YOUR_API_TOKEN(_HERE)?/g, real.token)
    .replaceAll(/https:\/\/example\.com\/\w+\.jpg/g, real.media);
