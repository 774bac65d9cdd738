import type { BaileysEventMap } from 'baileys';
import type { Log } from '../base/log.ts';

type BaileysLogger = {
  level: string;
  child(): BaileysLogger;
} & Record<'trace' | 'debug' | 'info' | 'warn' | 'error', (about: unknown, text?: string) => void>;

/**
 * What Baileys has to say goes out as its fixed sentence alone: the objects that it logs beside them hold bodies, keys and whole
 * stanzas (`failed to decrypt message` brings the key, `connected to WA` the hello). Only warnings and errors are passed on.
 * `level` must not be `trace` or `debug`, at which Baileys renders each stanza as XML.
 */
export function quietLogger(log: Pick<Log, 'debug'> | undefined): BaileysLogger {
  const say = (about: unknown, text?: string) => {
    const sentence = typeof about === 'string' ? about : text;
    if (sentence) log?.debug({ reason: sentence.slice(0, 60).replace(/[\d@].*$/s, '…') }, 'baileys');
  };
  const silent = () => undefined;
  const logger: BaileysLogger = {
    level: 'silent',
    child: () => logger,
    trace: silent,
    debug: silent,
    info: silent,
    warn: say,
    error: say,
  };
  return logger;
}

/** Of Baileys' own events, those that Baileys itself listens to; the rest is for us alone. */
export const INTERNAL_EVENTS: ReadonlySet<keyof BaileysEventMap> = new Set([
  'connection.update',
  'creds.update',
  'lid-mapping.update',
]);
