import { lookup } from 'node:dns/promises';
import { statfs } from 'node:fs/promises';
import type { Gateway } from '../app.ts';
import { asError } from '../base/errors.ts';
import type { CommandAnswer } from './commands.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly told: string;
}

const MIN_FREE_MB = 512;

/** What an operator would look at first, each with what to do about it. */
export async function doctor(gateway: Gateway): Promise<CommandAnswer> {
  const findings = [
    runtime(),
    settings(gateway),
    await storage(gateway),
    await disk(gateway),
    clockOf(gateway),
    await whatsapp(gateway),
  ];
  const text = findings.map(({ check, ok, told }) => `${ok ? 'ok  ' : 'FAIL'}  ${check.padEnd(10)}  ${told}`);
  return { text: text.join('\n'), data: findings, ok: findings.every(({ ok }) => ok) };
}

function runtime(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  return {
    check: 'node',
    ok: major >= 24,
    told: `Node ${process.versions.node}${major >= 24 ? '' : ': start with npm start, which brings Node 24'}`,
  };
}

function settings({ config }: Gateway): Finding {
  const open = config.HOST !== '127.0.0.1' && config.HOST !== 'localhost' && config.HOST !== '::1';
  const bare = open && config.MASTER_KEY === undefined;
  return {
    check: 'settings',
    ok: !bare,
    told: bare
      ? `HOST=${config.HOST} is reachable from other machines and MASTER_KEY is not set: make one with openssl rand -base64 32`
      : `listening on ${config.HOST}:${config.PORT}, master key ${config.MASTER_KEY === undefined ? 'for development' : 'set'}`,
  };
}

async function storage({ store, config }: Gateway): Promise<Finding> {
  const kind = config.DATABASE_URL === undefined ? 'SQLite' : 'PostgreSQL';
  try {
    await store.ready();
    return { check: 'store', ok: true, told: `${kind} answers, version ${await store.version()}` };
  } catch (error) {
    return { check: 'store', ok: false, told: `${kind} does not answer: ${asError(error).message}` };
  }
}

async function disk({ config }: Gateway): Promise<Finding> {
  const { bavail, bsize } = await statfs(config.DATA_DIR);
  const free = Math.floor((bavail * bsize) / 1024 / 1024);
  return {
    check: 'disk',
    ok: free >= MIN_FREE_MB,
    told: `${free} MB free for ${config.DATA_DIR}${free >= MIN_FREE_MB ? '' : ': make room, or messages are refused'}`,
  };
}

function clockOf({ clock }: Gateway): Finding {
  const year = new Date(clock.now()).getUTCFullYear();
  return { check: 'clock', ok: year >= 2025 && year < 2100, told: `${new Date(clock.now()).toISOString()} (UTC)` };
}

async function whatsapp({ config }: Gateway): Promise<Finding> {
  const { hostname } = new URL(config.WHATSAPP_URL);
  try {
    await lookup(hostname);
    return { check: 'whatsapp', ok: true, told: `${hostname} has an address` };
  } catch (error) {
    return {
      check: 'whatsapp',
      ok: false,
      told: `${hostname} has no address: ${asError(error).message}. Check DNS and the firewall`,
    };
  }
}
