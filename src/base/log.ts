import { type DestinationStream, type Logger, pino } from 'pino';
import { systemClock } from './clock.ts';

export type Log = Logger;
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/**
 * Logs go out by allow-list: only these keys leave the process, whatever else an object carries. Bodies, tokens, QR strings and
 * keys have no name here, so they cannot be printed by mistake.
 */
const allowed = new Set([
  'level', 'time', 'msg', 'name', 'err', 'requestId', 'method', 'route', 'status', 'ms', 'account', 'device', 'message',
  'state', 'from', 'to', 'code', 'reason', 'attempt', 'count', 'address', 'port', 'url', 'node', 'epoch', 'phone', 'step',
  'version', 'room', 'retryInMs', 'bytes', 'host', 'seed', 'table', 'migration',
]); // biome-ignore format: a list to be read as a paragraph

/** `6281234567890` → `6281***890`: enough to recognise one's own number, too little to call a stranger. */
export const maskPhone = (phone: string): string =>
  phone.length < 8 ? '***' : `${phone.slice(0, 4)}***${phone.slice(-3)}`;

/**
 * Lines are written together, at the latest after so long: a write for each of them is a call into the system for each request. From
 * `error` on, everything is written before the call returns; at the end of the process, too.
 */
const TOGETHER = { bytes: 4_096, ms: 100 };
const ERROR = pino.levels.values.error ?? 50;

/** One for the process: whatever logs, the lines keep their order. */
let lines: ReturnType<typeof openLines> | undefined;

function openLines() {
  const stream = pino.destination({ dest: 2, minLength: TOGETHER.bytes, sync: true });
  let waiting = false;
  const flush = () => {
    waiting = false;
    // Not `flushSync`, which waits for the disk as well.
    stream.flush();
  };
  process.once('exit', flush);
  return {
    stream,
    written(level: number) {
      if (level >= ERROR) return flush();
      if (waiting) return;
      waiting = true;
      systemClock.after(TOGETHER.ms, flush);
    },
  };
}

export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  if (destination === undefined) lines ??= openLines();
  const own = destination === undefined ? lines : undefined;
  return pino(
    {
      level,
      base: null,
      hooks: {
        logMethod(line, method, at) {
          method.apply(this, line);
          own?.written(at);
        },
      },
      formatters: {
        level: (label) => ({ level: label }),
        log: (object) =>
          Object.fromEntries(
            Object.entries(object)
              .filter(([key]) => allowed.has(key))
              .map(([key, value]) => [key, key === 'phone' ? maskPhone(String(value)) : value]),
          ),
      },
      serializers: {
        err: (error: unknown) =>
          error instanceof Error
            ? {
                type: error.name,
                message: error.message,
                stack: level === 'debug' || level === 'trace' ? error.stack : undefined,
              }
            : { type: typeof error },
      },
    },
    destination ?? own?.stream,
  );
}
