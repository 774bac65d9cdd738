import { isIP, type LookupFunction, Socket } from 'node:net';

/** No test of this project opens a connection to another machine: one that tries fails, with the name of whom it would have called. */
const isLoopback = (host: string) => /^(localhost|127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/.test(host);
const wouldCall = (host: string) => new Error(`a test would have called ${host}: its traffic stays on the loopback`);

interface Options {
  readonly port?: unknown;
  readonly host?: string | undefined;
  readonly path?: string | null;
  readonly lookup?: LookupFunction;
}

const connect = Socket.prototype.connect;
Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  // Node's own net.connect hands over its arguments already gathered.
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  const options: Options =
    typeof first === 'object' && first !== null
      ? first
      : { port: first, host: typeof second === 'string' ? second : undefined };
  const { host, path, lookup } = options;
  if (path || !host || isLoopback(host)) return Reflect.apply(connect, this, args);
  // A name may lead to the loopback, where a test says so itself; the address decides.
  if (isIP(host) !== 0 || lookup === undefined) throw wouldCall(host);
  const judged: LookupFunction = (name, how, tell) =>
    lookup(name, how, (error, found, family) => {
      const addresses = typeof found === 'string' ? [found] : (found ?? []).map(({ address }) => address);
      const foreign = error ? undefined : addresses.find((address) => !isLoopback(address));
      if (foreign === undefined) tell(error, found, family);
      else tell(wouldCall(foreign), found, family);
    });
  Object.assign(options, { lookup: judged });
  return Reflect.apply(connect, this, args);
};
