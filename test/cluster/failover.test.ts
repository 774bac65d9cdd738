import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { NOTHING_WRONG } from '../crash/audit.ts';
import { testSeed } from '../crash/seed.ts';
import { startTestApp } from '../support/app.ts';
import { startPair } from '../support/pair.ts';
import { binaries } from '../support/postgres.ts';
import { failover } from './failover.ts';

const bin = binaries();
const seed = testSeed();

describe.skipIf(bin === undefined)(
  'a PostgreSQL that dies or falls silent, and its synchronous follower that takes its place',
  () => {
    test('lose, double and mix up nothing; no epoch goes back, and all nodes ring and hear again', {
      timeout: 300_000,
    }, async () => {
      const plan = { bin: bin ?? '', seed, devices: 4, perSecond: 15, failovers: 2, calm: 10, workers: 2, apis: 1 };
      const report = await failover(plan);
      const said = `WAGATE_TEST_SEED=${seed}\n${report.findings.slice(0, 20).join('\n')}`;
      expect(report, said).toMatchObject({
        ...NOTHING_WRONG,
        staleWrites: 0,
        twoLines: 0,
        epochsBack: 0,
        reusedIds: 0,
        reusedSteps: 0,
        bells: 3,
        heard: 3,
      });
      expect(report.accepted).toBeGreaterThan(40);
    });

    test('one that only reads is none: a start on it alone says so', async () => {
      const pair = await startPair(bin ?? '');
      onTestFinished(() => pair.stop());
      const alone = `${pair.follower()}?target_session_attrs=read-write`;
      await expect(startTestApp({ env: { DATABASE_URL: alone } })).rejects.toThrow('this server only reads');
      // The first of the two only reads, and the second one is taken.
      const [follower, writer] = [pair.follower(), pair.direct()].map((url) => new URL(url));
      const both = pair.follower().replace(follower?.host ?? '', `${follower?.host},${writer?.host}`);
      const app = await startTestApp({ env: { DATABASE_URL: both } });
      onTestFinished(() => app.stop());
      expect((await app.call('GET', '/device')).status).toBe(200);
    });

    test('a follower that falls silent: nothing is accepted, and a repeat with the same key makes one message', async () => {
      const pair = await startPair(bin ?? '');
      onTestFinished(() => pair.stop());
      let ahead = 0;
      const clock = { ...systemClock, now: () => systemClock.now() + ahead };
      const app = await startTestApp({ env: { DATABASE_URL: pair.url }, hands: { clock } });
      onTestFinished(() => app.stop());
      const budi = app.network.contact('6281311110001');
      const send = (message: string) =>
        app.call(
          'POST',
          '/send-message',
          { recipient: budi.number, message, show_typing: false, when_offline: 'hold' },
          { 'idempotency-key': message },
        );
      expect((await send('before')).status).toBe(200);

      pair.freezeFollower();
      const refused = await send('meanwhile');
      expect(refused.status).toBe(503);
      pair.thawFollower();

      // A key whose first request left no trace is free after a minute.
      ahead = 61_000;
      // A 202 (the device was let go of meanwhile, and is on its way back) is this key's answer from then on: once accepted, it arrives.
      await expect
        .poll(async () => [200, 202].includes((await send('meanwhile')).status), { interval: 500, timeout: 90_000 })
        .toBe(true);
      await expect
        .poll(() => budi.messages.map(({ text }) => text), { timeout: 90_000 })
        .toEqual(['before', 'meanwhile']);
      const { rows } = await asked(pair.direct(), 'select count(*) as n from message');
      expect(rows).toEqual([{ n: '2' }]);
    });
  },
);

async function asked(url: string, statement: string) {
  const client = new pg.Client(url);
  await client.connect();
  return client.query(statement).finally(() => client.end());
}
