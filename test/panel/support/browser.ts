import type { TestApp } from '../../support/app.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // The tests say what they expect of it.
  readonly body: Body;
}

export interface Body {
  readonly success: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly data: never;
  readonly errors?: Record<string, string[]>;
  readonly pagination?: { readonly total: number };
}

export interface Ask {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** As a reverse proxy tells it; the app must trust the loopback. */
  readonly from?: string;
}

export type Browser = ReturnType<typeof createBrowser>;

/** A browser on a page of this server: keeps the cookie, and says where its requests come from. */
export function createBrowser({ url }: Pick<TestApp, 'url'>) {
  let cookie = '';

  async function call(method: string, path: string, { body, headers = {}, from }: Ask = {}): Promise<Answer> {
    const form = body instanceof FormData;
    const response = await fetch(`${url}${path.startsWith('/api') ? '' : '/api/panel'}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        'sec-fetch-site': 'same-origin',
        ...(cookie === '' ? {} : { cookie }),
        ...(body === undefined || form ? {} : { 'content-type': 'application/json' }),
        ...(from === undefined ? {} : { 'x-forwarded-for': from }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      cookie = pair.endsWith('=') ? '' : pair;
    }
    const text = await response.text();
    const isJson = text !== '' && response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : {}) as Body };
  }

  /** `data` of an answer that must be a success. */
  async function ok<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await call(method, path, body === undefined ? {} : { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body.data as T;
  }

  return {
    call,
    ok,
    get: <T>(path: string) => ok<T>('GET', path),
    post: <T>(path: string, body: unknown = {}) => ok<T>('POST', path, body),
    get cookie() {
      return cookie;
    },
    set cookie(given: string) {
      cookie = given;
    },
    signIn: (email: string, password = PASSWORD, code?: string) =>
      call('POST', '/sign-in', { body: { email, password, ...(code === undefined ? {} : { code }) } }),
  };
}

export const PASSWORD = 'correct horse battery';
