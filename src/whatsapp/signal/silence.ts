/**
 * libsignal (npm) prints whole session objects, private keys included, when it closes or opens a session
 * (`console.info("Closing session:", session)`), and stack traces when a message does not open. Our own repository does not
 * call that code, but Baileys loads the package, and one call from anywhere would put keys into the container's log.
 *
 * This program logs through pino and never through console, so whatever libsignal says there is dropped, and so is any
 * object that looks like Signal key material, whoever prints it. libsignal looks `console` up at each call: call this
 * once, at the very start.
 */
export function silenceLibsignal(target: Pick<Console, Method> = console): void {
  for (const method of METHODS) {
    const print = target[method];
    if (silenced.has(print)) continue;
    const quiet = (...args: unknown[]): void => {
      if (args.some(holdsKeys) || calledByLibsignal()) return;
      Reflect.apply(print, target, args);
    };
    silenced.add(quiet);
    target[method] = quiet;
  }
}

type Method = (typeof METHODS)[number];
const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const;
const silenced = new WeakSet<object>();

/** The field names of libsignal's SessionEntry, SessionRecord and key pairs, and of Baileys' key pairs. */
const KEY_FIELDS = ['indexInfo', 'currentRatchet', '_chains', 'sessions', 'privKey', 'ephemeralKeyPair', 'private'];

function holdsKeys(value: unknown): boolean {
  return typeof value === 'object' && value !== null && KEY_FIELDS.some((field) => field in value);
}

function calledByLibsignal(): boolean {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 6;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  return /[\\/]node_modules[\\/]libsignal[\\/]/.test(stack ?? '');
}
