import { type DestinationStream, type Logger, pino } from 'pino';

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

export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  return pino(
    {
      level,
      base: null,
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
    destination ?? pino.destination(2),
  );
}
