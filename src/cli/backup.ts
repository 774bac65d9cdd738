import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { type Config, ConfigError } from '../base/config.ts';
import { invalid } from '../base/errors.ts';
import { masterKeys } from '../base/vault.ts';
import { type ArchiveFacts, verifyArchive, writeArchive } from '../store/archive.ts';
import { occupy, openStore, type Store } from '../store/index.ts';
import {
  clearCutOff,
  clearStaging,
  placeStaged,
  refuseInhabited,
  stageArchive,
  stagingIn,
} from '../store/restoring.ts';
import { agedKeys } from '../whatsapp/index.ts';
import type { CommandAnswer, CommandContext, CommandEnvironment } from './commands.ts';

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
const summary = ({ rows, files, file_bytes }: ArchiveFacts) =>
  `${rows.account} account(s), ${rows.device} device(s), ${rows.message} message(s) out, ${rows.inbox} in, ${files} file(s) of ${megabytes(file_bytes)}`;

const fileOf = ([given]: readonly string[]): string => {
  if (given === undefined || given === '') throw invalid('file', 'Name the file of the backup, such as wagate.backup.');
  return resolve(given);
};

/** Where the inbox has its files, as `app.ts` has it. */
const filesDirOf = ({ SHARED_DIR, DATA_DIR }: Config): string => SHARED_DIR ?? DATA_DIR;

/** Writes everything but the master key into one file, while the gateway runs. */
export async function backup({ gateway, args, options, say }: CommandContext): Promise<CommandAnswer> {
  const path = fileOf(args);
  if (existsSync(path) && !options.overwrite)
    throw new ConfigError(`There is a file ${path} already. Name another one, or say --overwrite.`);
  if (!existsSync(dirname(path))) throw new ConfigError(`There is no folder ${dirname(path)}. Make it first.`);
  const { config, store, clock } = gateway;
  say('Writing the backup, and reading it again …');
  const facts = await writeArchive(path, {
    url: config.DATABASE_URL,
    dataDir: config.DATA_DIR,
    filesDir: filesDirOf(config),
    vault: store.vault,
    appVersion: config.APP_VERSION,
    now: clock.now,
    sandbox: config.SANDBOX,
  });
  const key =
    config.MASTER_KEY === undefined
      ? `the development key (${join(config.DATA_DIR, 'development.key')})`
      : 'MASTER_KEY (your settings)';
  const notes = [
    `The master key is not in it, and nothing in it can be read without: keep ${key} in another place.`,
    ...(facts.missing_files > 0
      ? [`${facts.missing_files} file(s) that the inbox names are not on this disk, so they are not in it.`]
      : []),
    ...(config.S3_ENDPOINT === undefined
      ? []
      : ['Files of the inbox are in your S3 bucket and not in it: back the bucket up by itself.']),
  ];
  return {
    text: [`${path}: ${summary(facts)}. It was opened again and is sound.`, ...notes].join('\n'),
    data: { file: path, ...facts, notes },
  };
}

/** Puts a backup into an empty installation, or in the place of one; the devices in it go on without being linked again. */
export async function restore({ config, args, options, say }: CommandEnvironment): Promise<CommandAnswer> {
  const path = fileOf(args);
  const place = { url: config.DATABASE_URL, dataDir: config.DATA_DIR, filesDir: filesDirOf(config) };
  const clock = systemClock;
  if (config.MASTER_KEY === undefined && !existsSync(join(config.DATA_DIR, 'development.key')))
    throw new ConfigError(
      `A backup opens only with the master key of the installation that it was made of. Set MASTER_KEY, or put its development.key into ${config.DATA_DIR}.`,
    );
  const facts = verifyArchive(path);
  const leave = place.url === undefined ? occupy(place.dataDir, 'Stop it first.') : undefined;
  const staging = stagingIn(place);
  try {
    await refuseInhabited(place, options.overwrite, clock.now());
    say(`The backup is sound: ${summary(facts)}.`);
    clearCutOff(place);
    stageArchive(path, staging);
    // Refuses a key that does not fit; brings an older backup up to date.
    const store = await openStore({
      url: undefined,
      dataDir: staging.data,
      vault: masterKeys(config, config.DATA_DIR),
      clock,
    });
    const renewed = await renewKeys(store).finally(() => store.close());
    const asides = await placeStaged(staging, place, { replace: options.overwrite, clock });
    const since = new Date(facts.made_at).toISOString();
    const text = [
      `Restored: ${summary(facts)}.`,
      `It is as of ${since}. What was sent and received after that is not known here; messages that still waited then go out with the ids they had, and whoever has them already sees them once.`,
      `${renewed} linked device(s) go on without being linked again. Their sessions are made anew with the first message to each contact, so that no key is used twice. The installation that the backup is of must not run any more.`,
      ...(asides.length === 0
        ? []
        : [`What was here before is in ${asides.join(' and ')}: delete it when all is well.`]),
      'Start the gateway now, as it is started here: npm start, docker compose up -d, or systemctl start wagate.',
    ];
    const [replaced = null, also_replaced = null] = asides;
    return { text: text.join('\n'), data: { ...facts, devices_renewed: renewed, replaced, also_replaced } };
  } finally {
    clearStaging(staging);
    leave?.();
  }
}

/** Every device that was linked forgets what it may have used since the backup. Gives their number. */
async function renewKeys(store: Store): Promise<number> {
  let renewed = 0;
  for (const { id, account_id } of await store.devices.listLinked()) {
    const node = `restore-${process.pid}`;
    const epoch = await store.leases.take(id, node, 600_000);
    if (epoch === undefined) throw new Error('a staged database has no other owner');
    const memory = store.deviceMemory({ account_id, device_id: id, epoch });
    const aged = await agedKeys({ ...memory, listKeys: (type) => store.devices.listKeys(account_id, id, type) });
    if (aged !== undefined) {
      await memory.writeKeys(aged.changes);
      await memory.writeCreds(aged.creds);
      renewed += 1;
    }
    await store.leases.giveUp(id, node, epoch);
  }
  return renewed;
}
