import { isIP, type LookupFunction } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { buildConnector } from 'undici';
import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import type { MayReach } from './addresses.ts';
import { createDeadline, orAborted } from './deadline.ts';
import { Unreachable } from './reasons.ts';
import { type Lookup, notFound } from './resolve.ts';

/** Where a connection goes: every address is checked, and no other may be used. */
export interface Target extends buildConnector.Options {
  readonly addresses: readonly string[];
  /** What is left of the time to connect in. */
  readonly timeoutMs: number;
}

export type Connector = (target: Target, callback: buildConnector.Callback) => void;

interface Parts {
  readonly mayReach: MayReach;
  readonly lookup: Lookup;
  readonly connector: Connector;
  readonly clock: Pick<Clock, 'sleep' | 'monotonic'>;
  readonly timeoutMs: number;
}

/**
 * Resolves, checks, connects, in this order and each once: between the check and the connection nobody is asked again, so a name
 * that answers differently the second time (DNS rebinding) gains nothing. One refused address among several refuses the name.
 */
export function createConnect({ mayReach, lookup, connector, clock, timeoutMs }: Parts): buildConnector.connector {
  async function addressesOf(host: string): Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host];
    const deadline = createDeadline(clock, undefined);
    deadline.after(timeoutMs, Object.assign(new Error('name server too slow'), { code: 'ETIMEOUT' }));
    try {
      return await orAborted(lookup(host), deadline.signal);
    } finally {
      deadline.end();
    }
  }

  async function target(options: buildConnector.Options): Promise<Target> {
    const start = clock.monotonic();
    const addresses = await addressesOf(options.hostname);
    if (addresses.length === 0) throw notFound(options.hostname);
    if (!addresses.every(mayReach)) throw new Unreachable('address not allowed');
    return { ...options, addresses, timeoutMs: Math.max(1, timeoutMs - (clock.monotonic() - start)) };
  }

  return (options, callback) => {
    target(options)
      .then((checked) => connector(checked, callback))
      .catch((error: unknown) => callback(asError(error), null));
  };
}

/** The connector that opens sockets. `tls`: whom to trust, where not the system's authorities. */
export function socketConnector(tls: Pick<SecureContextOptions, 'ca'> = {}): Connector {
  return ({ addresses, timeoutMs, ...options }, callback) => {
    const answers = addresses.map((address) => ({ address, family: isIP(address) }));
    const lookup: LookupFunction = (_host, { all }, done) => {
      const [first] = answers;
      if (all) done(null, answers);
      else done(null, first?.address ?? '', first?.family);
    };
    buildConnector({ ...tls, lookup, timeout: timeoutMs, allowH2: false, maxCachedSessions: 0 })(options, callback);
  };
}
