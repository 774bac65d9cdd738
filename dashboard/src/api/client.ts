import { ApiFailure, failureOf, offline, timedOut } from './failure.ts';
import type { Operations } from './types.ts';

export type Operation = keyof Operations;
export type Answer<O extends Operation> = Operations[O]['answer'];
/** What the envelope's `data` holds. */
export type Data<O extends Operation> = Answer<O> extends { data: infer D } ? D : null;
export type Body<O extends Operation> = Operations[O] extends { body: infer B } ? B : never;

/** Path parameters, query and body of an operation. */
export type Given<O extends Operation> = Omit<Operations[O], 'answer'>;
/** The same as arguments: none is needed where nothing is required. */
export type Inputs<O extends Operation> =
  Record<never, never> extends Given<O> ? [given?: Given<O>] : [given: Given<O>];

/** Longer than the server's own wait for WhatsApp (20 s), so that its answer is the one that is shown. */
const TIMEOUT_MS = 30_000;

/** Asks a route of `openapi.json` and gives the whole envelope. Rejects with ApiFailure. */
export async function call<O extends Operation>(
  operation: O,
  given?: Given<O>,
  signal?: AbortSignal,
): Promise<Answer<O>> {
  const [method = 'GET', template = ''] = operation.split(' ');
  const { params, query, body } = (given ?? {}) as {
    params?: Readonly<Record<string, string | number>>;
    query?: Readonly<Record<string, unknown>>;
    body?: unknown;
  };
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params?.[name] ?? '')));
  return (await ask(method, `${path}${queryString(query)}`, body, signal)) as Answer<O>;
}

async function ask(method: string, url: string, body: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  const patience = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      credentials: 'same-origin',
      headers: { Accept: 'application/json', ...contentType(body) },
      ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
      signal: signal === undefined ? patience : AbortSignal.any([patience, signal]),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw patience.aborted ? timedOut(error) : offline(error);
  }
  const answer = await readJson(response);
  if (!response.ok) throw failureOf(response.status, answer, response.headers);
  return answer;
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!response.ok) return null;
    throw new ApiFailure(response.status, 'unreadable_answer', 'The answer of the server could not be read.', {
      cause: error,
    });
  }
}

const contentType = (body: unknown): Record<string, string> =>
  body === undefined || body instanceof FormData ? {} : { 'Content-Type': 'application/json' };

export function queryString(query: Readonly<Record<string, unknown>> | undefined): string {
  const entries = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== '');
  return entries.length === 0
    ? ''
    : `?${new URLSearchParams(entries.map(([name, value]) => [name, String(value)] as [string, string]))}`;
}
