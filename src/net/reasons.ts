import { asError } from '../base/errors.ts';

/**
 * Why something could not be fetched, in a few words that may be shown to whoever asked: never a response's body, never an address
 * that a name led to, never a library's text.
 */
export class Unreachable extends Error {
  readonly reason: string;
  constructor(reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause });
    this.name = 'Unreachable';
    this.reason = reason;
  }
}

/** `100 MB`, as the settings count them (MiB). */
export const sizeText = (bytes: number): string => {
  const units = ['bytes', 'KB', 'MB'] as const;
  const step = bytes >= 2 ** 20 ? 2 : bytes >= 2 ** 10 ? 1 : 0;
  return `${Math.round((bytes / 2 ** (10 * step)) * 10) / 10} ${units[step]}`;
};

export const timedOut = (ms: number): Unreachable => new Unreachable(`timed out after ${ms / 1000} seconds`);

type Words = (host: string) => string;
const connecting =
  (code: string): Words =>
  (host) =>
    `connect ${code} ${host}`;

/** Codes of Node, c-ares, OpenSSL and undici. */
const words: Readonly<Record<string, Words>> = {
  ENOTFOUND: connecting('ENOTFOUND'),
  ENODATA: connecting('ENOTFOUND'),
  ENONAME: connecting('ENOTFOUND'),
  EBADNAME: connecting('ENOTFOUND'),
  EBADQUERY: connecting('ENOTFOUND'),
  EFORMERR: connecting('ENOTFOUND'),
  EAI_AGAIN: connecting('EAI_AGAIN'),
  ETIMEOUT: connecting('EAI_AGAIN'),
  ESERVFAIL: connecting('EAI_AGAIN'),
  EREFUSED: connecting('EAI_AGAIN'),
  ECONNREFUSED: connecting('ECONNREFUSED'),
  EHOSTUNREACH: connecting('EHOSTUNREACH'),
  EHOSTDOWN: connecting('EHOSTUNREACH'),
  ENETUNREACH: connecting('ENETUNREACH'),
  EADDRNOTAVAIL: connecting('ENETUNREACH'),
  ETIMEDOUT: connecting('ETIMEDOUT'),
  UND_ERR_CONNECT_TIMEOUT: connecting('ETIMEDOUT'),
  ECONNRESET: () => 'connection closed early',
  EPIPE: () => 'connection closed early',
  UND_ERR_SOCKET: () => 'connection closed early',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: () => 'connection closed early',
  UND_ERR_HEADERS_OVERFLOW: () => 'HTTP headers too large',
  HPE_HEADER_OVERFLOW: () => 'HTTP headers too large',
  CERT_HAS_EXPIRED: () => 'TLS certificate has expired',
  CERT_NOT_YET_VALID: () => 'TLS certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: () => 'TLS certificate is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: () => 'TLS certificate is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: () => 'TLS certificate is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: () => 'TLS certificate is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: () => 'TLS certificate is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: () => 'TLS certificate is not trusted',
  CERT_REVOKED: () => 'TLS certificate is not trusted',
  CERT_UNTRUSTED: () => 'TLS certificate is not trusted',
  EPROTO: () => 'TLS handshake failed',
};

const families: readonly (readonly [prefix: string, words: string])[] = [
  ['ERR_SSL', 'TLS handshake failed'],
  ['ERR_TLS', 'TLS handshake failed'],
  ['HPE_', 'not an HTTP answer'],
];

/** Our words for what went wrong on the way to `host`, as its URL names it. */
export function unreachable(thrown: unknown, host: string): Unreachable {
  if (thrown instanceof Unreachable) return thrown;
  const error = asError(thrown);
  const code = codeOf(error);
  const family = families.find(([prefix]) => code.startsWith(prefix))?.[1];
  return new Unreachable(words[code]?.(host) ?? family ?? 'connection failed', error);
}

/** Of several attempts (IPv6, then IPv4), the first that has a code. */
function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error.name === 'HTTPParserError') return 'HPE_';
  if (error instanceof AggregateError) return error.errors.map((each) => codeOf(asError(each))).find(Boolean) ?? '';
  return '';
}
