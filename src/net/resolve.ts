import { Resolver } from 'node:dns/promises';
import { asError } from '../base/errors.ts';

/** All A and AAAA answers of a name. Throws an error with a code, as Node's resolver does. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/**
 * Asks the name servers by c-ares and not by getaddrinfo: that runs on libuv's four threads, of which it may hold two, so that a few
 * names with a sleeping name server would stall every other connection of the process. What this gives up: names that stand only in
 * /etc/hosts, and search domains.
 * `servers`: `address:port`, where not the system's.
 */
export function createLookup(servers: readonly string[] = []): { readonly lookup: Lookup; stop(): void } {
  const resolver = new Resolver({ timeout: 1_500, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  return {
    async lookup(host) {
      const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
      const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      if (addresses.length > 0) return addresses;
      const errors = answers.flatMap((answer) => (answer.status === 'rejected' ? [asError(answer.reason)] : []));
      // A server that failed says more than one that knows no IPv6 address.
      const worst = errors.find((error) => 'code' in error && error.code !== 'ENODATA') ?? errors[0] ?? notFound(host);
      // It is the name server that takes no connections; of the host itself nothing is known.
      if ('code' in worst && worst.code === 'ECONNREFUSED')
        throw Object.assign(new Error(`no name server answers for ${host}`, { cause: worst }), { code: 'EAI_AGAIN' });
      throw worst;
    },
    stop: () => resolver.cancel(),
  };
}

export const notFound = (host: string): Error =>
  Object.assign(new Error(`no address for ${host}`), { code: 'ENOTFOUND' });
