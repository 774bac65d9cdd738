import { join } from 'node:path';
import type { Config } from '../base/config.ts';
import { shippedVersion } from '../whatsapp/index.ts';
import type { CommandAnswer, CommandEnvironment } from './commands.ts';
import { database } from './doctor/books.ts';
import { type Finding, ill, well } from './doctor/finding.ts';
import { disk, egress, leftovers } from './doctor/machine.ts';

/**
 * What an operator would look at first, each with what to do about it. It looks and changes nothing: no migration, no key, no row; so it
 * may run beside a gateway, and with settings that a gateway refuses.
 */
export async function doctor({ config }: Pick<CommandEnvironment, 'config'>): Promise<CommandAnswer> {
  const findings = [
    runtime(),
    settings(config),
    key(config),
    ...(await disk(config)),
    ...leftovers(config),
    ...(await database(config)),
    version(config),
    await egress(config),
  ];
  const text = findings.flatMap(({ check, ok, told, todo }) => [
    `${ok ? 'ok  ' : 'FAIL'}  ${check.padEnd(10)}  ${told}`,
    ...(todo === null ? [] : [`${' '.repeat(18)}→ ${todo}`]),
  ]);
  return { text: text.join('\n'), data: findings, ok: findings.every(({ ok }) => ok) };
}

function runtime(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  const told = `Node ${process.versions.node} on ${process.platform} ${process.arch}`;
  return major >= 24 ? well('node', told) : ill('node', told, 'Start with npm start, which brings Node 24.');
}

const isOpen = ({ HOST }: Config) => HOST !== '127.0.0.1' && HOST !== 'localhost' && HOST !== '::1';

function settings(config: Config): Finding {
  const told = `listening on ${config.HOST}:${config.PORT}, ${config.PUBLIC_URL ?? 'no PUBLIC_URL'}`;
  // Who reaches the port of a container is up to its engine: compose.yaml publishes it to this machine alone.
  if (config.PUBLIC_URL === undefined && config.IN_CONTAINER)
    return well(
      'settings',
      `${told}: before others use it, put a proxy with TLS in front and set it (docs/operations.md)`,
    );
  if (isOpen(config) && !config.PUBLIC_URL?.startsWith('https:'))
    return ill(
      'settings',
      told,
      'Other machines reach this address: put a proxy with TLS in front (docs/operations.md) and set PUBLIC_URL to its https address.',
    );
  if (config.PUBLIC_URL?.startsWith('https:') && config.TRUSTED_PROXIES.length === 0)
    return ill(
      'settings',
      told,
      'PUBLIC_URL names a proxy, and TRUSTED_PROXIES does not: all callers look like the proxy, and share its rate limits. Set it to the proxy’s address.',
    );
  return well('settings', told);
}

function key(config: Config): Finding {
  if (config.MASTER_KEY !== undefined)
    return well('key', 'MASTER_KEY is set; keep a copy of it apart from the backups');
  const told = `the key is ${join(config.DATA_DIR, 'development.key')}, beside what it encrypts`;
  if (config.NODE_ENV === 'production' || isOpen(config))
    return ill(
      'key',
      told,
      'Set MASTER_KEY to the content of that file, and delete the file: whoever copies the folder reads everything.',
    );
  return well('key', `${told}: good for development, and for backups only when it is copied, too`);
}

function version({ WHATSAPP_VERSION: set, APP_VERSION }: Config): Finding {
  const shipped = shippedVersion.join('.');
  if (set === undefined) return well('version', `WAGate ${APP_VERSION}; it tells WhatsApp ${shipped}`);
  const told = `WAGate ${APP_VERSION}; it tells WhatsApp ${set.join('.')}, as WHATSAPP_VERSION says (this version brings ${shipped})`;
  return (set[2] ?? 0) >= (shippedVersion[2] ?? 0)
    ? well('version', told)
    : ill('version', told, 'Remove WHATSAPP_VERSION: it is older than what comes with this version.');
}
