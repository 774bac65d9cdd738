import type { Gateway } from '../app.ts';
import { type Config, siteOf } from '../base/config.ts';
import { failure, invalid } from '../base/errors.ts';
import type { AuditKind } from '../gateway/audit.ts';
import { backup, restore } from './backup.ts';
import { copy } from './copy.ts';
import { doctor } from './doctor.ts';
import { keyCommands } from './keys.ts';
import { linkDevice } from './linking.ts';
import { personCommands } from './person.ts';

export interface Options {
  readonly json: boolean;
  readonly name?: string;
  readonly email?: string;
  readonly account?: string;
  readonly package?: string;
  readonly country?: string;
  readonly code?: string;
  readonly sandbox: boolean;
  readonly admin: boolean;
  readonly overwrite: boolean;
  readonly from?: string;
  readonly to?: string;
}

export interface CommandContext extends Omit<CommandEnvironment, 'config'> {
  readonly gateway: Gateway;
}

/** Of a command that runs without a gateway: there may be no database yet. */
export interface CommandEnvironment {
  readonly config: Config;
  readonly args: readonly string[];
  readonly options: Options;
  /** For people who wait: goes to standard error, so that --json stays clean. */
  readonly say: (text: string) => void;
}

/** `text` for people, `data` for scripts. */
export interface CommandAnswer {
  readonly text: string;
  readonly data: unknown;
  /** False: the exit code says that something is wrong. */
  readonly ok?: boolean;
}

export interface Command {
  readonly usage: string;
  readonly does: string;
  readonly run: (context: CommandContext) => Promise<CommandAnswer>;
  /** In the place of `run`, without a gateway. Undefined: it goes on running. */
  readonly alone?: (environment: CommandEnvironment) => Promise<CommandAnswer | undefined>;
}

const deviceId = ({ args, gateway: { config } }: CommandContext): number => {
  const id = Number(args[0]);
  if (!Number.isInteger(id) || id < 1)
    throw invalid('id', `Name the device by its number; ${config.WAGATE_COMMAND} device list shows them.`);
  return id;
};

const required = (value: string | undefined, option: string): string => {
  if (value === undefined || value.trim() === '') throw invalid(option, `--${option} is required.`);
  return value.trim();
};

const startsServer = async () => {
  await import('../main.ts');
  return undefined;
};

const neverRun = () => Promise.reject(failure('internal_error', { request_id: 'cli' }));

export const commands: Readonly<Record<string, Command>> = {
  start: {
    usage: 'start',
    does: 'run the gateway, as npm start does',
    run: neverRun,
    alone: startsServer,
  },
  migrate: {
    usage: 'migrate',
    does: 'bring the database up to date and end',
    run: async ({ gateway }) => {
      const version = await gateway.store.version();
      return { text: `The database is up to date (version ${version}).`, data: { version } };
    },
  },
  'account create': {
    usage: 'account create --email <address> [--name <name>] [--package <name>] [--admin]',
    does: 'make an account and its sign-in link',
    run: async ({ gateway, options }) => {
      const email = required(options.email, 'email');
      await gateway.accounts.bootstrap();
      const account = await gateway.accounts.create({
        email,
        name: options.name ?? email,
        packageName: options.package ?? 'Trial',
        isAdmin: options.admin,
      });
      const link = `${siteOf(gateway.config)}/sign-in/${await gateway.accounts.issueLink(email)}`;
      await note(gateway, 'account.created', account.id, email);
      return {
        text: `Account ${account.id} of ${email}.\nSign in (works once, within 24 hours): ${link}`,
        data: { id: account.id, email, sign_in: link },
      };
    },
  },
  'account link': {
    usage: 'account link <address>',
    does: 'make a new one-time sign-in link',
    run: async ({ gateway, args }) => {
      const email = required(args[0], 'email');
      const link = `${siteOf(gateway.config)}/sign-in/${await gateway.accounts.issueLink(email)}`;
      await note(gateway, 'link.issued', null, email);
      return { text: `Sign in (works once, within 24 hours): ${link}`, data: { email, sign_in: link } };
    },
  },
  'device create': {
    usage: 'device create [--name <name>] [--sandbox] [--country 62] [--account <address>]',
    does: 'make a device and its API token',
    run: async ({ gateway, options }) => {
      await gateway.accounts.bootstrap();
      const account = await gateway.accounts.choose(options.account);
      if (options.country !== undefined && !/^[1-9]\d{0,2}$/.test(options.country))
        throw invalid('country', '--country is a calling code such as 62.');
      const device = await gateway.devices.create(account.id, {
        name: options.name ?? (options.sandbox ? 'Sandbox' : 'WhatsApp'),
        kind: options.sandbox ? 'sandbox' : 'whatsapp',
        ...(options.country === undefined ? {} : { defaultCountry: options.country }),
      });
      const token = await gateway.devices.issueToken(account.id, device.id);
      await note(gateway, 'device.created', account.id, `device ${device.id}`);
      await note(gateway, 'token.issued', account.id, `device ${device.id}`);
      const next = options.sandbox
        ? 'A running gateway links it by itself within a few seconds.'
        : `Link it: ${gateway.config.WAGATE_COMMAND} device link ${device.id}`;
      return {
        text: `Device ${device.id} (${device.name}).\nToken, shown only now: ${token}\n${next}`,
        data: { id: device.id, name: device.name, kind: device.kind, token },
      };
    },
  },
  'device link': {
    usage: 'device link <id> [--code <phone>] [--account <address>]',
    does: 'show the QR code (or ask for a pairing code) and wait until the phone has linked it',
    run: async (context) => {
      const account = await context.gateway.accounts.choose(context.options.account);
      return linkDevice(context, await context.gateway.devices.find(account.id, deviceId(context)));
    },
  },
  'device token': {
    usage: 'device token <id> [--account <address>]',
    does: 'make a new API token; the one before is dead at once',
    run: async (context) => {
      const account = await context.gateway.accounts.choose(context.options.account);
      const id = deviceId(context);
      const token = await context.gateway.devices.issueToken(account.id, id);
      await note(context.gateway, 'token.issued', account.id, `device ${id}`);
      return { text: `Token of device ${id}, shown only now: ${token}`, data: { id, token } };
    },
  },
  'device list': {
    usage: 'device list [--account <address>]',
    does: 'show the devices, as they were last seen',
    run: async ({ gateway, options }) => {
      const account = await gateway.accounts.choose(options.account);
      const rows = await gateway.store.devices.list(account.id);
      const data = rows.map((row) => ({
        id: row.id,
        name: row.name,
        kind: row.kind,
        phone: row.phone,
        state: row.state,
        reason: row.state_reason,
        token: row.token_prefix === null ? null : `${row.token_prefix}…${row.token_last4}`,
      }));
      const text = data.map(
        (d) =>
          `${String(d.id).padStart(4)}  ${d.name.padEnd(20)}  ${d.kind.padEnd(8)}  ${(d.phone ?? '—').padEnd(15)}  ${d.state}`,
      );
      return { text: text.length === 0 ? 'No devices yet.' : text.join('\n'), data };
    },
  },
  ...personCommands,
  ...keyCommands,
  backup: {
    usage: 'backup <file> [--overwrite]',
    does: 'write everything but the master key into one file, while the gateway runs',
    run: backup,
  },
  restore: {
    usage: 'restore <file> [--overwrite]',
    does: 'put a backup into an empty installation, or in the place of one, while no gateway runs',
    run: neverRun,
    alone: restore,
  },
  copy: {
    usage: 'copy --from <sqlite|folder|address> --to <postgres|address|folder>',
    does: 'copy the whole installation into an empty database, and verify it; the gateway must be stopped',
    run: neverRun,
    alone: copy,
  },
  doctor: {
    usage: 'doctor',
    does: 'look at settings, keys, database, disk, clock, versions, devices and the way to WhatsApp; changes nothing',
    run: neverRun,
    alone: doctor,
  },
};

/** What the command line does stands in the log of the account, or (null) of the installation. */
const note = (gateway: Gateway, kind: AuditKind, accountId: number | null, subject: string) =>
  gateway.panel.audit.note({ kind, accountId, email: 'command line', subject, address: null });
