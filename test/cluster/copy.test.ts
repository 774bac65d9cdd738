import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { startNetwork } from '../../simulator/index.ts';
import { systemClock } from '../../src/base/clock.ts';
import { copied, copyInstallation, notCopied, type Place } from '../../src/store/copying.ts';
import { openStore } from '../../src/store/index.ts';
import { MASTER_KEY } from '../crash/world.ts';
import { startTestApp } from '../support/app.ts';
import { postgresPlace, sqlitePlace, testVault } from '../support/databases.ts';
import { run } from '../support/process.ts';

const server = inject('postgresUrl');
const copy = (from: Place, to: Place) => copyInstallation({ from, to, clock: systemClock, told: () => undefined });

test('each table is copied, or is named among those that are not', async () => {
  const { dataDir } = await sqlitePlace();
  await copy({ url: undefined, dataDir: join(dataDir, 'from') }, { url: undefined, dataDir });
  const database = new DatabaseSync(join(dataDir, 'wagate.db'), { readOnly: true });
  onTestFinished(() => database.close());
  const tables = database
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
    .all()
    .map(({ name }) => String(name));
  expect([...copied.map(([table]) => table as string), ...notCopied].sort()).toEqual(tables.sort());
  for (const [table, key] of copied) {
    const columns = database
      .prepare(`select name, pk from pragma_table_info('${table}') where pk > 0 order by pk`)
      .all();
    expect([table, columns.map(({ name }) => String(name)).sort()]).toEqual([table, [...key].sort()]);
  }
});

describe.skipIf(server === undefined)('an installation that is copied from SQLite to PostgreSQL', () => {
  test('goes on sending without being linked again, and back', async () => {
    const network = await startNetwork();
    onTestFinished(() => network.stop());
    const from = await sqlitePlace();
    const to = await postgresPlace(server ?? '');
    const env = { MASTER_KEY, DRAIN_SECONDS: '0' };
    const budi = network.contact('6281311110001');
    const say = async (dataDir: string, database: string | undefined, message: string) => {
      const more = database === undefined ? {} : { DATABASE_URL: database };
      const app = await startTestApp({ network, dataDir, env: { ...env, ...more } });
      const { status } = await app.call('POST', '/send-message', {
        recipient: budi.number,
        message,
        show_typing: false,
      });
      const links = network.phone('6281234567890').devices().length;
      await app.stop();
      return { status, links };
    };

    expect(await say(from.dataDir, undefined, 'before')).toEqual({ status: 200, links: 1 });
    const program = run('src/cli.ts', ['copy', '--from', from.dataDir, '--to', to.url ?? '', '--json'], {
      NODE_ENV: 'test',
      MASTER_KEY,
      DATA_DIR: from.dataDir,
    });
    expect(await program.ended, program.lines.join('\n')).toBe(0);
    expect(program.lines.find((line) => line.startsWith('message '))).toMatch(/ 1 rows/);

    expect(await say(from.dataDir, to.url, 'after')).toEqual({ status: 200, links: 1 });
    const back = await sqlitePlace();
    const tables = await copy(to, back);
    expect(tables.find(({ table }) => table === 'message')?.rows).toBe(2);
    expect(await say(back.dataDir, undefined, 'and back')).toEqual({ status: 200, links: 1 });
    expect(budi.messages.map(({ text }) => text)).toEqual(['before', 'after', 'and back']);
    expect(network.counters.total).toMatchObject({ undecryptable: 0, reusedRatchetSteps: 0, reusedIds: 0 });

    await expect(copy(to, back)).rejects.toThrow(/target holds data already/);
  });

  test('is refused while a node runs that keeps no device', async () => {
    const from = await postgresPlace(server ?? '');
    const store = await openStore({ ...from, vault: testVault, clock: systemClock });
    onTestFinished(() => store.close());
    const api = {
      name: 'api-1',
      life: 'one',
      role: 'api',
      version: '0.1.0',
      draining: 0,
      devices: 0,
      memory_mb: 1,
    } as const;
    await store.nodes.begin(api, 60_000);
    await expect(copy(from, await sqlitePlace())).rejects.toThrow(/in use by api-1\. Stop the gateway/);
    await store.nodes.end('api-1', 'one');
    expect((await copy(from, await sqlitePlace())).length).toBe(copied.length);
  });

  test('is refused while a gateway runs on it', async () => {
    const app = await startTestApp({ env: { MASTER_KEY } });
    onTestFinished(() => app.stop());
    const empty = await postgresPlace(server ?? '');
    await expect(copy({ url: undefined, dataDir: app.dataDir }, empty)).rejects.toThrow(
      /A gateway is at work in .+\. Stop it, and copy again/,
    );
  });
});
