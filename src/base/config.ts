import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { asError } from './errors.ts';
import type { LogLevel } from './log.ts';
import { serversOf } from './servers.ts';

/**
 * Every setting of the gateway: name, default, meaning, how it is read. `.env.example` and the settings table of the README are
 * made from this list. Nothing else reads the environment.
 */
interface Setting<T> {
  readonly default: string;
  readonly meaning: string;
  readonly read: (text: string) => T;
}

const setting = <T>(fallback: string, meaning: string, read: (text: string) => T): Setting<T> => ({
  default: fallback,
  meaning,
  read,
});

class Unreadable extends Error {}
const refuse = (what: string): never => {
  throw new Unreadable(what);
};

const PROXY_WORDS = ['loopback', 'linklocal', 'uniquelocal'];

const text = (value: string) => value;
const optional = (value: string) => (value === '' ? undefined : value);
const flag = (value: string) =>
  /^(1|true|yes|on)$/i.test(value) || (/^(0|false|no|off)$/i.test(value) ? false : refuse('must be true or false'));
const whole = (min: number, max: number) => (value: string) => {
  const number = Number(value);
  return Number.isInteger(number) && number >= min && number <= max
    ? number
    : refuse(`must be a whole number from ${min} to ${max}`);
};
const oneOf =
  <const T extends string>(...names: T[]) =>
  (value: string): T =>
    names.find((name) => name === value) ?? refuse(`must be one of ${names.join(', ')}`);
const list = (value: string) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
const numbers = (value: string) =>
  list(value).map((item) => {
    const number = Number(item);
    return Number.isInteger(number) ? number : refuse('must be whole numbers, separated by commas');
  });
const address =
  (...schemes: string[]) =>
  (value: string) => {
    if (value === '') return undefined;
    const url = URL.canParse(value) ? new URL(value) : refuse('must be an address such as https://wa.example.com');
    return schemes.includes(url.protocol)
      ? value.replace(/\/+$/, '')
      : refuse(`must begin with ${schemes.join(' or ')}`);
  };
const database = (value: string) => {
  if (value === '') return undefined;
  try {
    serversOf(value);
    return value.replace(/\/+$/, '');
  } catch (error) {
    return refuse(asError(error).message);
  }
};
/** What Fastify's `trustProxy` reads; whatever else it is given ends the start without a word of which setting it was. */
const proxies = (value: string) =>
  list(value).map((item) => {
    const [address = '', bits, ...more] = item.split('/');
    const most = isIP(address) === 6 ? 128 : 32;
    const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most);
    return PROXY_WORDS.includes(item) || (isIP(address) !== 0 && isRange && more.length === 0)
      ? item
      : refuse(`must be addresses, ranges such as 10.0.0.0/8, or ${PROXY_WORDS.join(', ')}, separated by commas`);
  });
const version = (value: string): [number, number, number] | undefined => {
  if (value === '') return undefined;
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(value);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : refuse('must look like 2.3000.1035194821');
};
const timeZone = (value: string) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return value;
  } catch {
    return refuse('must be a time zone such as Asia/Jakarta');
  }
};

export const settings = {
  PORT: setting('3000', 'Port of the API, the documentation and the dashboard.', whole(0, 65_535)),
  HOST: setting('127.0.0.1', 'Address to listen on. 0.0.0.0 listens on every interface: put a proxy with TLS in front.', text),
  PUBLIC_URL: setting('', 'Address under which others reach this server, for links and samples. Empty: http://HOST:PORT.', address('http:', 'https:')),
  DATA_DIR: setting('./data', 'Folder of the database, the development key and temporary files.', (value) => resolve(value)),
  SHARED_DIR: setting('', 'Folder that all nodes see, for uploaded files that wait to be sent and (without S3) files of the inbox. Empty: DATA_DIR, which is right for one node.', (value) => (value === '' ? undefined : resolve(value))),
  DATABASE_URL: setting('', 'Empty: SQLite in DATA_DIR. postgres://user:password@host/name: PostgreSQL 15 or newer. Several hosts (one,two): the one that writes.', database),
  WAGATE_ROLE: setting('all', 'What this node does where several share a PostgreSQL: api answers requests, worker keeps devices connected, all does both.', oneOf('all', 'api', 'worker')),
  WAGATE_NODE: setting('', 'Name of this node among several, another for each. Empty: the host name and a random end.', optional),
  DRAIN_SECONDS: setting('5', 'With PostgreSQL: how long a node that was told to stop goes on answering while /health/ready says 503, so that a proxy turns to the others.', whole(0, 300)),
  MASTER_KEY: setting('', '32 bytes in base64 or hex that encrypt keys, credentials and messages at rest. Empty: a development key is made in DATA_DIR; required with NODE_ENV=production.', optional),
  MASTER_KEY_PREVIOUS: setting('', 'The key before MASTER_KEY, while it is changed: both are read, new values take MASTER_KEY. `npm run wagate -- keys rotate` seals the rest anew; then remove this line.', optional),
  NODE_ENV: setting('development', 'production refuses to start without MASTER_KEY.', oneOf('development', 'production', 'test')),
  IN_CONTAINER: setting('false', 'Whether the engine of a container decides who reaches the port. The image sets it.', flag),
  WAGATE_COMMAND: setting('npm run wagate --', 'How the command line is called here, for the hints that name a command. The image sets it.', text),
  LOG_LEVEL: setting('info', 'fatal, error, warn, info, debug, trace or silent. Logs never hold bodies, tokens or keys.', oneOf<LogLevel>('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')),
  METRICS_TOKEN: setting('', 'Whoever sends it as Authorization: Bearer may read /metrics (Prometheus). Empty, and no METRICS_PORT: there is no such page.', optional),
  METRICS_PORT: setting('', 'Port of its own for /metrics, on HOST: to be kept inside. Asks for METRICS_TOKEN too when there is one.', (value) => value === '' ? undefined : whole(0, 65_535)(value)),
  SANDBOX: setting('true', 'Sandbox devices and their simulated WhatsApp network, on the loopback of this machine.', flag),
  TIME_ZONE: setting('Asia/Jakarta', 'Time zone of new accounts; "today" is counted in it.', timeZone),
  DEFAULT_COUNTRY: setting('62', 'Country calling code that a number without one belongs to, for new devices.', (value) => /^[1-9]\d{0,2}$/.test(value) ? value : refuse('must be a calling code such as 62')),
  SEND_WAIT_SECONDS: setting('20', 'How long an answer waits for WhatsApp before it says 202 pending.', whole(0, 120)),
  SIGN_UP: setting('closed', 'Whether visitors may make accounts (open or closed), until the administrator decides in the dashboard.', oneOf('open', 'closed')),
  SMTP_URL: setting('', 'smtp://user:password@host:587 or smtps://…:465 for mails with sign-in links and invitations. Empty: no mails; the command line prints the links.', address('smtp:', 'smtps:')),
  MAIL_FROM: setting('', 'Sender of the mails, such as WAGate <noreply@example.com>. Empty: wagate@ and the host of PUBLIC_URL.', optional),
  RATE_LIMIT_PER_MINUTE: setting('120', 'Requests a minute for each token, where the package says nothing.', whole(1, 1_000_000)),
  RATE_LIMIT_ACCOUNT_FACTOR: setting('25', 'All tokens of an account together may make so many times the requests of one token.', whole(1, 10_000)),
  RATE_LIMIT_PER_ADDRESS: setting('6000', 'Requests a minute from one address (of IPv6: from one /64), whoever asks. This machine itself is not counted; behind a proxy set TRUSTED_PROXIES.', whole(1, 100_000_000)),
  MEDIA_MAX_MB: setting('100', 'Largest media file, in MiB.', whole(1, 2_000)),
  MEDIA_TIMEOUT_SECONDS: setting('30', 'How long a download of media may take in all.', whole(1, 600)),
  EGRESS_ALLOW_HTTP: setting('true', 'Whether media_url may begin with http:// as well as https://.', flag),
  EGRESS_PORTS: setting('80,443,8080,8443', 'Ports that a media_url or webhook may name.', numbers),
  EGRESS_ALLOW: setting('', 'Private networks that may be reached all the same, as CIDR, separated by commas: 192.168.1.0/24.', list),
  MEDIA_DOWNLOAD: setting('on_demand', 'Files of incoming messages: on_demand fetches one when it is asked for; always fetches each as it arrives.', oneOf('on_demand', 'always')),
  MEDIA_LINK_MINUTES: setting('60', 'How long the link to a file of the inbox is valid.', whole(1, 10_080)),
  S3_ENDPOINT: setting('', 'Address of an S3-compatible store for files of the inbox, such as https://s3.ap-southeast-3.amazonaws.com. Empty: DATA_DIR/inbox.', address('http:', 'https:')),
  S3_BUCKET: setting('', 'Its bucket. Required with S3_ENDPOINT.', optional),
  S3_REGION: setting('us-east-1', 'Its region, as requests are signed with it.', text),
  S3_KEY: setting('', 'Access key id. Required with S3_ENDPOINT.', optional),
  S3_SECRET: setting('', 'Secret access key. Required with S3_ENDPOINT.', optional),
  WEBHOOK_TIMEOUT_SECONDS: setting('15', 'How long a webhook may take to answer.', whole(1, 60)),
  WEBHOOK_CONCURRENCY: setting('8', 'Deliveries to one webhook at a time; always one at a time within a chat.', whole(1, 64)),
  OPT_OUT: setting('record', 'What STOP, BERHENTI or UNSUB from a person does: record marks the conversation; refuse also refuses further messages to them. A device may have its own.', oneOf('record', 'refuse')),
  TRUSTED_PROXIES: setting('', 'Reverse proxies whose X-Forwarded-For is believed: addresses, ranges (10.0.0.0/8), or loopback, linklocal, uniquelocal, separated by commas.', proxies),
  WHATSAPP_URL: setting('wss://web.whatsapp.com/ws/chat', 'WebSocket of WhatsApp for real devices.', (value) => address('ws:', 'wss:')(value) ?? refuse('must not be empty')),
  WHATSAPP_CA: setting('', 'File with a certificate authority (PEM) that media hosts are trusted by, with another WHATSAPP_URL.', optional),
  WHATSAPP_ROOT_KEY: setting('', 'Root key (hex) of the server certificate, with another WHATSAPP_URL.', (value) => value === '' ? undefined : /^[0-9a-f]{64}$/i.test(value) ? Buffer.from(value, 'hex') : refuse('must be 64 hex digits')),
  WHATSAPP_VERSION: setting('', 'Client version to tell WhatsApp, such as 2.3000.1035194821. Empty: the one that Baileys ships.', version),
} as const; // biome-ignore format: one setting a line reads as a table

type Settings = typeof settings;
type Values = { readonly [K in keyof Settings]: Settings[K] extends Setting<infer T> ? T : never };

export interface Config extends Values {
  /** The version in package.json. */
  readonly APP_VERSION: string;
}

/** As `WAGATE_COMMAND`, also where the other settings are wrong. */
export const commandOf = (env: Readonly<Record<string, string | undefined>> = process.env): string =>
  env.WAGATE_COMMAND?.trim() || settings.WAGATE_COMMAND.default;

/** Where this server is found: PUBLIC_URL, else this machine's own address, because one cannot go to "every interface". */
export function siteOf({ PUBLIC_URL, HOST, PORT }: Pick<Config, 'PUBLIC_URL' | 'HOST' | 'PORT'>): string {
  const host = HOST === '0.0.0.0' || HOST === '::' ? '127.0.0.1' : HOST.includes(':') ? `[${HOST}]` : HOST;
  return PUBLIC_URL ?? `http://${host}:${PORT}`;
}

/** The start's complaint may end in a log: without the password of an address. */
const shown = (value: string): string => value.replace(/\/\/.*@/s, '//…@').replace(/([?&]password=)[^&]*/g, '$1…');

/** Reads all settings; all problems are told at once. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const problems: string[] = [];
  const values = Object.fromEntries(
    Object.entries(settings).map(([name, { default: fallback, read }]) => {
      const given = env[name]?.trim() || fallback;
      try {
        return [name, read(given)];
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        problems.push(`${name}=${shown(given)} ${error.message}`);
        return [name, undefined];
      }
    }),
  );
  if (values.NODE_ENV === 'production' && values.MASTER_KEY === undefined)
    problems.push('MASTER_KEY is required with NODE_ENV=production. Make one with: openssl rand -base64 32');
  if (values.WAGATE_ROLE !== 'all' && values.DATABASE_URL === undefined)
    problems.push(`WAGATE_ROLE=${values.WAGATE_ROLE} needs DATABASE_URL: several nodes share a PostgreSQL.`);
  if (values.S3_ENDPOINT !== undefined)
    for (const name of ['S3_BUCKET', 'S3_KEY', 'S3_SECRET'])
      if (values[name] === undefined) problems.push(`${name} is required with S3_ENDPOINT.`);
  if (problems.length > 0)
    throw new ConfigError(
      `The settings have ${problems.length} problem(s):\n${problems.map((p) => `  ${p}`).join('\n')}`,
    );
  const { version: APP_VERSION } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return { ...(values as unknown as Values), APP_VERSION };
}

/** Told to a person as it is, without a stack. */
export class ConfigError extends Error {}
