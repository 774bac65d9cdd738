import { Agent } from 'undici';
import { type Clock, systemClock } from '../base/clock.ts';
import { failure } from '../base/errors.ts';
import { createAddressRules } from './addresses.ts';
import { type Answer, beginning, counted, header, lengthOf, refusalOf } from './answers.ts';
import { type Connector, createConnect, socketConnector } from './connect.ts';
import { createDeadline, type Deadline, orAborted } from './deadline.ts';
import { timedOut, Unreachable, unreachable } from './reasons.ts';
import { createLookup, type Lookup } from './resolve.ts';
import { breachOf, readUrl, type UrlRules } from './urls.ts';

/** The one client that opens what a user named: media and webhooks. Nothing else in the gateway opens a user's URL. */
export interface Egress {
  /** Whether a URL is of a kind that may be opened at all, by its looks. Throws `validation_failed` on `field`. */
  check(given: string, field: string): URL;
  /**
   * GET, following at most `redirects`. Resolves when the headers of a 200 have come. Throws `validation_failed` on `media_url`,
   * `media_unreachable` with a short reason, or the signal's reason; so does reading the body.
   */
  fetch(given: string, options: FetchOptions): Promise<Download>;
  /** POST without redirects; any status is an answer. Throws Unreachable with a short reason, or the signal's reason. */
  post(given: string, options: PostOptions): Promise<PostAnswer>;
  /** Ends what runs and closes every socket. */
  stop(): Promise<void>;
}

interface Limits {
  /** For everything, to the last byte. */
  readonly timeoutMs: number;
  /** For one request until its headers have come. */
  readonly headersTimeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface FetchOptions extends Limits {
  readonly maxBytes: number;
  readonly redirects?: number;
}

export interface Download {
  /** Where the last redirect led. */
  readonly url: string;
  readonly contentType: string | null;
  readonly contentDisposition: string | null;
  /** As the header says; the body may be shorter only by failing. */
  readonly length: number | null;
  /** To be read once, or cancelled. Counted: fails as soon as it is larger than `maxBytes`, whatever the header said. */
  readonly body: AsyncIterable<Uint8Array>;
  cancel(): void;
}

export interface PostOptions extends Limits {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** Its first 8 KB. */
  readonly body: string;
}

export interface EgressOptions extends UrlRules {
  /** CIDRs that may be reached although they are private. */
  readonly allow: readonly string[];
  readonly clock?: Clock;
  readonly lookup?: Lookup;
  readonly connector?: Connector;
  readonly connectTimeoutMs?: number;
  readonly userAgent?: string;
}

const HEADERS_TIMEOUT_MS = 10_000;
const LONGEST_ANSWER = 8 * 1024;
const redirecting = new Set([301, 302, 303, 307, 308]);

export function createEgress(options: EgressOptions): Egress {
  const { clock = systemClock, connector = socketConnector(), userAgent = 'WAGate' } = options;
  const names = options.lookup ? { lookup: options.lookup, stop: () => undefined } : createLookup();
  const agent = new Agent({
    connect: createConnect({
      mayReach: createAddressRules(options.allow),
      lookup: names.lookup,
      connector,
      clock,
      timeoutMs: options.connectTimeoutMs ?? 5_000,
    }),
    // All limits of time are this file's own, by the clock that is handed in.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveMaxTimeout: 10_000,
  });
  const common = { 'accept-encoding': 'identity', 'user-agent': userAgent };
  let stopped = false;

  async function ask(
    url: URL,
    request: { method: 'GET' | 'POST'; headers: Record<string, string>; body?: string | Uint8Array },
    deadline: Deadline,
    headersTimeoutMs = HEADERS_TIMEOUT_MS,
  ): Promise<Answer> {
    const lift = deadline.after(headersTimeoutMs, timedOut(headersTimeoutMs));
    try {
      const asked = agent.request({
        ...request,
        origin: url.origin,
        path: url.pathname + url.search,
        signal: deadline.signal,
      });
      // undici looks at the signal only once it is connected.
      const answer = await orAborted(asked, deadline.signal);
      // Without a listener an answer that breaks off before anybody reads it would end the process; whoever reads is told.
      answer.body.on('error', () => undefined);
      return answer;
    } finally {
      lift();
    }
  }

  async function follow(first: URL, redirects: number, deadline: Deadline, headersTimeoutMs: number | undefined) {
    let url = first;
    for (let hop = 0; ; hop++) {
      const answer = await ask(
        url,
        { method: 'GET', headers: { accept: '*/*', ...common } },
        deadline,
        headersTimeoutMs,
      );
      const location = redirecting.has(answer.statusCode) ? header(answer, 'location') : null;
      if (location === null) return { url, answer };
      answer.body.destroy();
      if (hop >= redirects) throw new Unreachable('too many redirects');
      url = redirected(url, location);
    }
  }

  /** A redirect is checked as if the user had named it, and may not leave TLS. */
  function redirected(from: URL, location: string): URL {
    const to = URL.parse(location, from.href);
    if (to === null || breachOf(to, options) !== undefined) throw new Unreachable('redirect to an address not allowed');
    if (from.protocol === 'https:' && to.protocol !== 'https:') throw new Unreachable('redirect from https to http');
    return to;
  }

  function problem(thrown: unknown, url: URL, signal: AbortSignal | undefined) {
    if (signal?.aborted) return signal.reason;
    if (stopped) return failure('temporarily_unavailable', {}, { retryAfter: 5, cause: thrown });
    const cause = unreachable(thrown, url.hostname);
    return failure('media_unreachable', { reason: cause.reason }, { cause });
  }

  return {
    check: (given, field) => readUrl(given, options, field),

    async fetch(given, { maxBytes, timeoutMs, headersTimeoutMs, redirects = 3, signal }) {
      const first = readUrl(given, options, 'media_url');
      const deadline = createDeadline(clock, signal);
      deadline.after(timeoutMs, timedOut(timeoutMs));
      try {
        const { url, answer } = await follow(first, redirects, deadline, headersTimeoutMs);
        const cancel = () => {
          deadline.end();
          answer.body.destroy();
        };
        const refusal = refusalOf(answer, maxBytes);
        if (refusal !== undefined) {
          cancel();
          throw new Unreachable(refusal);
        }
        return {
          url: url.href,
          contentType: header(answer, 'content-type'),
          contentDisposition: header(answer, 'content-disposition'),
          length: lengthOf(answer),
          body: counted(answer, maxBytes, cancel, (thrown) => problem(thrown, first, signal)),
          cancel,
        };
      } catch (thrown) {
        deadline.end();
        throw problem(thrown, first, signal);
      }
    },

    async post(given, { headers, body, timeoutMs, headersTimeoutMs, signal }) {
      const url = URL.parse(given);
      const breach = url === null ? 'must be complete' : breachOf(url, options);
      if (url === null || breach !== undefined) throw new Unreachable(`URL ${breach}`);
      const deadline = createDeadline(clock, signal);
      deadline.after(timeoutMs, timedOut(timeoutMs));
      try {
        const request = { method: 'POST' as const, headers: { ...common, ...headers }, body };
        const answer = await ask(url, request, deadline, headersTimeoutMs);
        const text = await beginning(answer, LONGEST_ANSWER);
        return { status: answer.statusCode, retryAfter: header(answer, 'retry-after'), body: text };
      } catch (thrown) {
        throw signal?.aborted ? signal.reason : unreachable(thrown, url.hostname);
      } finally {
        deadline.end();
      }
    },

    async stop() {
      stopped = true;
      names.stop();
      await agent.destroy();
    },
  };
}
