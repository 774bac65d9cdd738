// Loaded before a program (`--import`): notes each name that it asks for and each machine that it connects to, into RECORD.
import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

const note = (host) => appendFileSync(process.env.RECORD, `${host}\n`);

const { connect } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  const options = typeof first === 'object' ? first : { host: typeof second === 'string' ? second : 'localhost' };
  if (!options.path) note(options.host ?? 'localhost');
  return Reflect.apply(connect, this, args);
};
for (const owner of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype])
  for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6', 'resolveAny', 'resolveTxt', 'resolveSrv']) {
    const ask = owner[name];
    if (typeof ask !== 'function') continue;
    owner[name] = function (host, ...rest) {
      note(host);
      return Reflect.apply(ask, this, [host, ...rest]);
    };
  }
syncBuiltinESMExports();
