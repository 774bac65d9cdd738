import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testSeed } from '../crash/seed.ts';
import { PATIENCE_MS, within } from '../crash/world.ts';
import { binaries } from '../support/postgres.ts';
import { run } from '../support/process.ts';
import { bootAll, contactNumber, until } from './chaos.ts';
import { Load } from './load.ts';
import { Cluster, type ClusterNode } from './world.ts';

const bin = binaries();

/** Slow enough that two nodes which start together meet in it, and not repeatable: a second one to run it would fail. */
const ONLINE = {
  name: '9001_colours_online',
  statements: [
    'create table migrated (at bigint)',
    'insert into migrated values (extract(epoch from clock_timestamp()))',
    'select pg_sleep(2)',
    'alter table message add column colour text',
    'create index message_colour on message (colour) where colour is not null',
  ],
};
const OFFLINE = { name: '9002_colours', statements: ["alter table message alter column colour set default 'green'"] };

describe.skipIf(bin === undefined)('nodes of a newer version', () => {
  test('migrate once while the older ones serve; after a migration that is not online the older ones stop and say so', async () => {
    const cluster = await Cluster.create(bin ?? '', { seed: testSeed(), devices: 3 });
    onTestFinished(({ task }) => cluster.end(task.result?.state === 'fail'));
    const { workers, apis } = await bootAll(cluster, { workers: 1, apis: 2 });
    // One more as `npm start` runs it.
    const program = run('src/main.ts', [], { NODE_ENV: 'test', SANDBOX: 'false', ...cluster.environment('worker') });
    onTestFinished(async () => void (await program.end('SIGKILL')));
    const chats = Array.from({ length: 9 }, (_, n) => contactNumber(n));
    await cluster.network.call('contacts', chats, 'delivered');
    const load = new Load(cluster, chats);
    const over = new AbortController();
    const posting = load.run(
      1_000_000,
      { perSecond: 20 },
      AbortSignal.any([over.signal, AbortSignal.timeout(300_000)]),
    );
    const goOn = async () => {
      const before = load.posted.length;
      await until(async () => load.posted.length >= before + 40, 'customers to go on');
    };
    let newer: ClusterNode[];
    try {
      await goOn();
      const before = load.posted.length;
      newer = await Promise.all(
        (['api', 'worker'] as const).map((role) => cluster.boot(role, {}, { migrations: [ONLINE] })),
      );
      expect(load.posted.length).toBeGreaterThan(before);
      await goOn();
    } finally {
      over.abort();
      await posting;
    }
    expect(load.posted.filter(({ status }) => status !== 200)).toEqual([]);
    expect(cluster.proxy.failed()).toBe(0);
    const client = new pg.Client(cluster.postgres.url);
    await client.connect();
    const { rows } = await client
      .query(
        'select (select count(*) from migrated) as runs, (select count(*) from message where colour is null) as rows',
      )
      .finally(() => client.end());
    expect(rows).toEqual([{ runs: '1', rows: String(load.posted.length) }]);

    const older = [...workers, ...apis, ...newer];
    const ended = older.map(
      ({ part, name }) =>
        new Promise<[string, string]>((resolve) => part.on<string>('ended', (why) => resolve([name, why]))),
    );
    await cluster.boot('all', {}, { migrations: [ONLINE, OFFLINE] });
    const sentences = await within(Promise.all(ended), PATIENCE_MS, 'the older nodes to end');
    for (const [, sentence] of sentences)
      expect(sentence).toMatch(
        /changed the database \(migration 9002_colours\).* Start the newer version on this machine, too/,
      );
    expect(await within(program.ended, PATIENCE_MS, 'the program to end')).toBe(1);
    expect(program.lines.join('\n')).toContain('(migration 9002_colours)');
  });
});
