import { invalid } from '../base/errors.ts';

export interface UrlRules {
  /** Whether `http:` is as good as `https:`. */
  readonly allowHttp: boolean;
  readonly ports: readonly number[];
}

const LONGEST = 8_192;
const standardPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** What a URL breaks of what it must be to look at, as the end of a sentence; undefined: nothing. Where it leads is checked later. */
export function breachOf(url: URL, { allowHttp, ports }: UrlRules): string | undefined {
  const standard = standardPorts[url.protocol];
  if (standard === undefined || (url.protocol === 'http:' && !allowHttp))
    return `must begin with ${allowHttp ? 'https:// or http://' : 'https://'}`;
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  const port = url.port === '' ? standard : Number(url.port);
  return ports.includes(port) ? undefined : `must use one of the ports ${ports.join(', ')}`;
}

/** The URL of a request's field. Throws `validation_failed` on that field. */
export function readUrl(given: string, rules: UrlRules, field: string): URL {
  if (given.length > LONGEST) throw invalid(field, `${field} must have at most ${LONGEST} characters`);
  const url = URL.parse(given);
  if (url === null) throw invalid(field, `${field} must be a complete URL such as https://example.com/image.jpg`);
  const breach = breachOf(url, rules);
  if (breach !== undefined) throw invalid(field, `${field} ${breach}`);
  return url;
}
