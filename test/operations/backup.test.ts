import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { type Contact, type Network, startNetwork } from '../../simulator/index.ts';
import { openGateway, startApp } from '../../src/app.ts';
import { readConfig } from '../../src/base/config.ts';
import { asError } from '../../src/base/errors.ts';
import { commands } from '../../src/cli/commands.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { emptyDatabase } from '../support/databases.ts';
import { databaseOf, ON_FILE, onPostgres } from '../support/own-database.ts';
import { run } from '../support/process.ts';
import { rows } from '../support/rows.ts';

const PHONE = '6281234567890';

let network: Network;
let folder: string;
let app: TestApp | undefined;

beforeEach(async () => {
  network = await startNetwork();
  folder = mkdtempSync(join(tmpdir(), 'wagate-backup-'));
});
afterEach(async () => {
  await app?.stop();
  app = undefined;
  await network.stop();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);

/** With the database of the data folder, where these settings name none. */
const placed = async (env: Readonly<Record<string, string>>) => ({ ...(await databaseOf(env.DATA_DIR ?? '')), ...env });

/** The real command line, in a process of its own. */
async function commandLine(env: Readonly<Record<string, string>>, ...args: string[]) {
  const program = run('src/cli.ts', [...args, '--json'], {
    NODE_ENV: 'test',
    SANDBOX: 'false',
    ...(await placed(env)),
  });
  const code = await program.ended;
  return { code, data: JSON.parse(program.lines.at(-1) ?? 'null') };
}

/** A command as the command line runs it, in this process: starting one for each costs seconds. */
async function wagate(env: Readonly<Record<string, string>>, ...positionals: string[]) {
  const config = readConfig({ NODE_ENV: 'test', SANDBOX: 'false', LOG_LEVEL: 'silent', ...(await placed(env)) });
  const [words, args] = [positionals.filter((word) => !word.startsWith('--')), new Set(positionals)];
  const name = [words.slice(0, 2).join(' '), words[0] ?? ''].find((key) => key in commands) ?? '';
  const command = commands[name];
  const options = { json: true, sandbox: false, admin: false, overwrite: args.has('--overwrite') };
  const environment = { config, args: words.slice(name.split(' ').length), options, say: () => undefined };
  const answer = async () => {
    if (command?.alone) return command.alone(environment);
    const gateway = await openGateway(config, { node: 'cli-test' });
    return command?.run({ ...environment, gateway }).finally(() => gateway.close());
  };
  try {
    return { code: 0, data: (await answer())?.data as Readonly<Record<string, unknown>> };
  } catch (error) {
    return { code: 1, data: { message: asError(error).message } };
  }
}

async function start(dataDir: string, env: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  mkdirSync(dataDir, { recursive: true });
  app = await startTestApp({ dataDir, network, env });
  return app;
}

const send = (to: TestApp, recipient: string, message: string) =>
  to.call('POST', '/send-message', { recipient, message, show_typing: false });

/** Resolves with the row of the inbox that it becomes. */
async function hear(by: TestApp, from: Contact, said: Parameters<Contact['send']>[1]): Promise<number> {
  const heard = new Promise<number>((resolve) => {
    const off = by.events.on('message.received', ({ inboxId }) => {
      off();
      resolve(inboxId);
    });
  });
  await from.send(PHONE, said);
  return heard;
}

/** A past with both directions, a group, and what happened after the backup. */
async function live(dataDir: string, env: Readonly<Record<string, string>>) {
  const gateway = await start(dataDir, env);
  const ani = network.contact('6281200000001');
  const budi = network.contact('6281200000002');
  const group = network.group('Keluarga', [PHONE, ani.number, budi.number]);
  expect((await send(gateway, ani.number, 'before 1')).status).toBe(200);
  await hear(gateway, ani, 'answer 1');
  expect((await send(gateway, group.jid, 'to the group 1')).status).toBe(200);
  return { gateway, ani, budi, group };
}

async function afterTheBackup({ gateway, ani, budi, group }: Awaited<ReturnType<typeof live>>) {
  for (const n of [2, 3, 4]) expect((await send(gateway, ani.number, `after ${n}`)).status).toBe(200);
  await hear(gateway, ani, 'answer 2');
  expect((await send(gateway, ani.number, 'after 5')).status).toBe(200);
  expect((await send(gateway, budi.number, 'a first message')).status).toBe(200);
  for (const n of [2, 3]) expect((await send(gateway, group.jid, `to the group ${n}`)).status).toBe(200);
}

const texts = (contact: Contact) => contact.messages.map(({ text }) => text);

describe('a backup that is restored into a new folder', () => {
  test('goes on with the device that was linked before: nothing it sends is unreadable, and it reads what comes', async () => {
    const past = await live(at('old'), {});
    const { gateway, ani, budi, group } = past;
    const made = await commandLine({ DATA_DIR: at('old') }, 'backup', at('one.backup'));
    expect(made).toMatchObject({
      code: 0,
      data: { rows: { account: 1, device: 1, message: 2, inbox: 1 }, from: onPostgres() ? 'postgres' : 'sqlite' },
    });
    expect(made.data.notes[0]).toMatch(/master key is not in it/);
    expect(statSync(at('one.backup')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['old', 'one.backup']);
    await afterTheBackup(past);
    await gateway.app.stop();
    app = undefined;

    mkdirSync(at('new'));
    copyFileSync(at('old/development.key'), at('new/development.key'));
    const restored = await commandLine({ DATA_DIR: at('new') }, 'restore', at('one.backup'));
    expect(restored).toMatchObject({ code: 0, data: { devices_renewed: 1, replaced: null } });

    const again = await start(at('new'));
    expect(again.network.phone(PHONE).devices()).toHaveLength(1);
    expect((await send(again, ani.number, 'from the restored one')).status).toBe(200);
    expect((await send(again, budi.number, 'to Budi, too')).status).toBe(200);
    expect((await send(again, group.jid, 'to the group again')).status).toBe(200);
    await ani.idle();
    await budi.idle();
    expect(texts(ani)).toEqual(expect.arrayContaining(['from the restored one', 'to the group again']));
    expect(texts(budi)).toEqual(expect.arrayContaining(['to Budi, too', 'to the group again']));
    expect(network.counters.total).toMatchObject({ undecryptable: 0, reusedRatchetSteps: 0, reusedIds: 0 });
    await hear(again, ani, 'and an answer');
    await hear(again, budi, 'from Budi, for the first time');
  });

  test('would be unreadable without that: the bare files of then use keys twice', async () => {
    const past = await live(at('old'), ON_FILE);
    await wagate({ DATA_DIR: at('old'), ...ON_FILE }, 'backup', at('one.backup'));
    await afterTheBackup(past);
    await past.gateway.app.stop();
    app = undefined;
    mkdirSync(at('bare'));
    copyFileSync(at('old/development.key'), at('bare/development.key'));
    copyFileSync(at('one.backup'), at('bare/wagate.db'));
    const bare = await start(at('bare'), ON_FILE);
    await send(bare, past.ani.number, 'with a used key');
    await past.ani.idle();
    expect(network.counters.total.reusedRatchetSteps + network.counters.total.undecryptable).toBeGreaterThan(0);
  });
});

describe('a backup', () => {
  test('has the files of the inbox, and is refused when one byte of it is another', async () => {
    const gateway = await start(at('old'));
    const ani = network.contact('6281200000001');
    const plan = randomBytes(200_000);
    const id = await hear(gateway, ani, { document: plan, fileName: 'plan.pdf', caption: 'the plan' });
    expect((await gateway.call('GET', `/inbox/${id}/media`)).status).toBe(200);

    const made = await wagate({ DATA_DIR: at('old') }, 'backup', at('one.backup'));
    expect(made).toMatchObject({ code: 0, data: { files: 1, file_bytes: plan.length, missing_files: 0 } });
    const file = new DatabaseSync(at('one.backup'), { readOnly: true });
    const key = String(file.prepare('select name from archive_file').get()?.name);
    // Sealed values only: the caption is nowhere to be read, and neither is the key.
    expect(file.prepare('select hex(sealed_body) as body from inbox').get()?.body).not.toContain(
      Buffer.from('the plan').toString('hex').toUpperCase(),
    );
    file.close();
    const bytes = readFileSync(at('one.backup'));
    const secret = readFileSync(at('old/development.key'), 'utf8').trim();
    expect(bytes.includes(secret) || bytes.includes(Buffer.from(secret, 'base64'))).toBe(false);
    await gateway.app.stop();
    app = undefined;

    mkdirSync(at('new'));
    copyFileSync(at('old/development.key'), at('new/development.key'));
    const spoiled = Buffer.from(bytes);
    const place = spoiled.lastIndexOf(plan.subarray(0, 64));
    spoiled[place + 10] = (spoiled[place + 10] ?? 0) ^ 1;
    writeFileSync(at('spoiled.backup'), spoiled);
    expect(await wagate({ DATA_DIR: at('new') }, 'restore', at('spoiled.backup'))).toMatchObject({
      code: 1,
      data: { message: expect.stringMatching(/damaged: the file inbox\/\d+\/\d+ is not whole/) },
    });
    expect((await wagate({ DATA_DIR: at('new') }, 'restore', at('one.backup'))).code).toBe(0);
    expect(readFileSync(join(at('new'), key)).equals(plan)).toBe(true);
  });

  test('has the files of the inbox, and puts them back, where they are in the folder that all nodes see', async () => {
    // On another disk than the data folders, where there is one.
    const shared = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'wagate-shared-'));
    onTestFinished(() => rmSync(shared, { recursive: true, force: true }));
    const [old, then] = [join(shared, 'old'), join(shared, 'new')];
    const gateway = await start(at('old'), { SHARED_DIR: old });
    const plan = randomBytes(200_000);
    const id = await hear(gateway, network.contact('6281200000001'), { document: plan, fileName: 'plan.pdf' });
    expect((await gateway.call('GET', `/inbox/${id}/media`)).status).toBe(200);
    expect(await wagate({ DATA_DIR: at('old'), SHARED_DIR: old }, 'backup', at('one.backup'))).toMatchObject({
      code: 0,
      data: { files: 1, file_bytes: plan.length, missing_files: 0 },
    });
    await gateway.app.stop();
    app = undefined;

    mkdirSync(at('new'));
    copyFileSync(at('old/development.key'), at('new/development.key'));
    const env = { DATA_DIR: at('new'), SHARED_DIR: then };
    expect(await wagate(env, 'restore', at('one.backup'))).toMatchObject({ code: 0, data: { replaced: null } });
    const key = `inbox/${gateway.deviceId}/${id}`;
    expect(readFileSync(join(then, key)).equals(plan)).toBe(true);
    // Once more: what is here goes aside in each of the two homes, and nothing else is left in them.
    writeFileSync(join(then, key), 'of before');
    const over = await wagate(env, 'restore', at('one.backup'), '--overwrite');
    expect(over.code).toBe(0);
    expect(readFileSync(join(then, key)).equals(plan)).toBe(true);
    const [aside, ...others] = readdirSync(then).filter((name) => name !== 'inbox');
    expect([aside, others]).toEqual([expect.stringMatching(/^replaced-\d{14}$/), []]);
    expect(readFileSync(join(then, String(aside), key), 'utf8')).toBe('of before');
    expect([over.data.replaced, over.data.also_replaced]).toContain(join(then, String(aside)));
    expect(readdirSync(at('new')).filter((name) => /inbox|restoring/.test(name))).toEqual([]);
  });

  test('is not made of nothing, and runs over nothing unless it is told to', async () => {
    mkdirSync(at('empty'));
    const env = { DATA_DIR: at('empty') };
    expect(await wagate(env, 'backup', at('empty.backup'))).toMatchObject({
      code: 1,
      data: { message: expect.stringMatching(/nothing to back up/) },
    });
    expect(existsSync(at('empty.backup'))).toBe(false);

    await wagate(env, 'device', 'create');
    expect((await wagate(env, 'backup', at('one.backup'))).code).toBe(0);
    expect(await wagate(env, 'backup', at('one.backup'))).toMatchObject({
      code: 1,
      data: { message: expect.stringMatching(/already.*--overwrite/) },
    });
    expect(await wagate(env, 'restore', at('one.backup'))).toMatchObject({
      code: 1,
      data: { message: expect.stringMatching(/installation with 1 account.*--overwrite/) },
    });
    const over = await wagate(env, 'restore', at('one.backup'), '--overwrite');
    expect(over.code).toBe(0);
    // Only a file can be put aside.
    if (onPostgres()) expect(over.data.replaced).toBeNull();
    else expect(existsSync(join(String(over.data.replaced), 'wagate.db'))).toBe(true);
    expect((await wagate(env, 'device', 'list')).data).toHaveLength(1);
  });

  test('takes the room back that one took which was killed', async () => {
    const gone = spawnSync(process.execPath, ['--version']).pid;
    const homes = { DATA_DIR: at('old'), SHARED_DIR: at('shared') };
    await wagate(homes, 'device', 'create');
    await wagate(homes, 'backup', at('one.backup'));
    for (const home of Object.values(homes))
      for (const name of [`restoring-${gone}`, `restoring-${process.ppid}`]) {
        mkdirSync(join(home, name), { recursive: true });
        writeFileSync(join(home, name, 'wagate.db'), 'a whole copy');
      }
    expect((await wagate(homes, 'restore', at('one.backup'), '--overwrite')).code).toBe(0);
    for (const home of Object.values(homes))
      expect(readdirSync(home).filter((name) => name.startsWith('restoring-'))).toEqual([`restoring-${process.ppid}`]);
  });

  test('opens with no other key, and not beside a gateway at work', async () => {
    const gateway = await start(at('old'));
    await wagate({ DATA_DIR: at('old') }, 'backup', at('one.backup'));
    expect(await wagate({ DATA_DIR: at('old') }, 'restore', at('one.backup'), '--overwrite')).toMatchObject({
      code: 1,
      data: { message: expect.stringMatching(/gateway is at work (in|here) .+\. Stop it first/) },
    });
    await gateway.app.stop();
    app = undefined;
    expect(await wagate({ DATA_DIR: at('new') }, 'restore', at('one.backup'))).toMatchObject({
      code: 1,
      data: { message: expect.stringMatching(/Set MASTER_KEY/) },
    });
    const foreign = { DATA_DIR: at('new'), MASTER_KEY: Buffer.alloc(32, 9).toString('base64') };
    expect(await wagate(foreign, 'restore', at('one.backup'))).toMatchObject({
      code: 1,
      data: { message: expect.stringMatching(/not the key that this database was sealed with/) },
    });
    expect(existsSync(at('new/wagate.db'))).toBe(false);
    writeFileSync(at('letter.txt'), 'no backup at all');
    expect(await wagate(foreign, 'restore', at('letter.txt'))).toMatchObject({
      code: 1,
      data: { message: expect.stringMatching(/no sound backup/) },
    });
  });

  test('does not run beside a gateway that holds no device, nor does a second gateway', async () => {
    const env = { NODE_ENV: 'test', DATA_DIR: at('old'), PORT: '0', SANDBOX: 'false', LOG_LEVEL: 'silent', ...ON_FILE };
    const first = await startApp(readConfig(env));
    onTestFinished(() => first.stop());
    await first.accounts.bootstrap();
    expect((await wagate(env, 'backup', at('one.backup'), '--overwrite')).code).toBe(0);
    expect(await wagate(env, 'restore', at('one.backup'), '--overwrite')).toMatchObject({
      code: 1,
      data: { message: expect.stringMatching(/A gateway is at work in .+\. Stop it first/) },
    });
    await expect(startApp(readConfig(env))).rejects.toThrow(/is at work in .+ a DATA_DIR of its own/);
  });

  test.skipIf(inject('postgresUrl') === undefined)(
    'is not put beside a node that keeps no device, and takes messages in',
    async () => {
      const env = { DATABASE_URL: await emptyDatabase(inject('postgresUrl') ?? ''), WAGATE_NODE: 'api-1' };
      const { app: first } = await start(at('old'), env);
      await wagate({ DATA_DIR: at('old'), ...env }, 'backup', at('one.backup'));
      await first.stop();
      app = undefined;
      const api = await startTestApp({
        dataDir: at('old'),
        network,
        untilConnected: false,
        env: { ...env, WAGATE_ROLE: 'api', DRAIN_SECONDS: '0' },
      });
      app = api;
      const restore = () => wagate({ DATA_DIR: at('old'), ...env }, 'restore', at('one.backup'), '--overwrite');
      expect(await restore()).toMatchObject({
        code: 1,
        data: { message: expect.stringMatching(/at work here \(api-1\)/) },
      });
      await api.stop();
      app = undefined;
      expect((await restore()).code).toBe(0);
      // The backup was made while a node lived: it lives no more where it is restored.
      expect((await restore()).code).toBe(0);
      // A version before nodes has no table of them.
      await rows(env.DATABASE_URL, 'drop table node, duty, device_live, node_call, rate_window');
      for (const index of ['device_lease_of_node', 'delivery_plan'])
        await rows(env.DATABASE_URL, `drop index ${index}`);
      await rows(env.DATABASE_URL, 'alter table device drop column number_since');
      await rows(env.DATABASE_URL, "delete from migration where name > '0006'");
      expect((await restore()).code).toBe(0);
    },
  );

  test.skipIf(inject('postgresUrl') === undefined)(
    'of PostgreSQL goes into another PostgreSQL, and into SQLite',
    { timeout: 240_000 },
    async () => {
      const first = await emptyDatabase(inject('postgresUrl') ?? '');
      const second = await emptyDatabase(inject('postgresUrl') ?? '');
      const past = await live(at('old'), { DATABASE_URL: first });
      const made = await wagate({ DATA_DIR: at('old'), DATABASE_URL: first }, 'backup', at('one.backup'));
      expect(made).toMatchObject({ code: 0, data: { from: 'postgres', rows: { message: 2, inbox: 1 } } });
      await afterTheBackup(past);
      await past.gateway.app.stop();
      app = undefined;

      for (const [name, env] of [
        ['server', { DATABASE_URL: second }],
        ['file', ON_FILE],
      ] as const) {
        mkdirSync(at(name));
        copyFileSync(at('old/development.key'), at(`${name}/development.key`));
        const target = { DATA_DIR: at(name), ...env };
        expect(await wagate(target, 'restore', at('one.backup'))).toMatchObject({
          code: 0,
          data: { devices_renewed: 1 },
        });
        const again = await start(at(name), env);
        expect((await send(again, past.ani.number, `restored into a ${name}`)).status).toBe(200);
        await past.ani.idle();
        expect(texts(past.ani)).toContain(`restored into a ${name}`);
        expect(network.counters.total).toMatchObject({ undecryptable: 0, reusedRatchetSteps: 0 });
        // New rows get new ids.
        const { body } = await again.call('GET', '/messages');
        expect((body.data as unknown as unknown[]).length).toBe(3);
        await again.app.stop();
        app = undefined;
      }
    },
  );
});
