/**
 * The addresses that a `DATABASE_URL` stands for. It may name several servers, as libpq has it, of which one writes at a time:
 * `postgres://user:password@one:5432,two:5432/name?target_session_attrs=read-write`. Throws a sentence of what is wrong.
 */
export interface Servers {
  /** One for each server. */
  readonly urls: readonly [string, ...string[]];
  /** A server that only reads is none of ours. */
  readonly mustWrite: boolean;
}

const PARTS = /^(?<scheme>postgres(?:ql)?:\/\/)(?<user>[^/?]*@)?(?<hosts>[^/?]*)(?<rest>.*)$/;
/** `any` is libpq's default: a gateway needs one that writes all the same. */
const WRITING = ['read-write', 'primary', 'any'];

export function serversOf(url: string): Servers {
  const { scheme, user = '', hosts, rest = '' } = PARTS.exec(url)?.groups ?? {};
  if (scheme === undefined || hosts === undefined) throw new Error('must begin with postgres: or postgresql:');
  const urls = hosts.split(',').map((host) => `${scheme}${user}${host}${rest}`);
  const [first, ...others] = urls;
  if (first === undefined || !urls.every((one) => URL.canParse(one)))
    throw new Error('must be an address such as postgres://user:password@host/name');
  const attribute = new URL(first).searchParams.get('target_session_attrs');
  if (attribute !== null && !WRITING.includes(attribute))
    throw new Error(`must have target_session_attrs=read-write: a gateway writes`);
  return { urls: [first, ...others], mustWrite: others.length > 0 || attribute !== null };
}
