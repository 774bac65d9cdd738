import { describe, expect, onTestFinished, test } from 'vitest';
import { post } from '../crash/load.ts';
import { PATIENCE_MS, within } from '../crash/world.ts';
import { binaries } from '../support/postgres.ts';
import { readHolders, readRows } from './books.ts';
import { until } from './chaos.ts';
import { Cluster } from './world.ts';

const bin = binaries();
const SANDBOX = { SANDBOX: 'true' };
const DEVICES = 3;

describe.skipIf(bin === undefined)('the worker that runs the sandbox', () => {
  test.each(['stop', 'kill'] as const)(
    'is followed by another one after a %s: its devices link themselves again',
    async (how) => {
      const cluster = await Cluster.create(bin ?? '', { seed: 1, devices: 0 });
      onTestFinished(({ task }) => cluster.end(task.result?.state === 'fail'));
      const { url } = cluster.postgres;
      const first = await cluster.boot('worker', SANDBOX);
      const devices = await first.part.call('setUp', DEVICES, undefined, 'sandbox');
      const ids = devices.map(({ id }) => id);
      await within(first.part.call('link', ids), PATIENCE_MS, 'the sandbox devices to link themselves');
      const second = await cluster.boot('worker', SANDBOX);
      await cluster.boot('api', SANDBOX);
      await until(() => fetch(`${cluster.url}/health/ready`).then(({ ok }) => ok), 'the api node to be ready');

      const said: string[] = [];
      const say = async (message: string, waiting: object = {}) => {
        for (const { token } of devices) {
          const text = `${message} ${said.length}`;
          said.push(text);
          const { status } = await post(
            { url: cluster.url, token },
            { recipient: '6281311110001', message: text, ...waiting },
          );
          expect([text, status]).toEqual([text, 'async' in waiting ? 202 : 200]);
        }
      };
      // Read by the same person before and after, whose keys are others then.
      const delivered = async () => (await readRows(url)).filter(({ state }) => ['delivered', 'read'].includes(state));
      await say('before');
      await until(async () => (await delivered()).length === said.length, 'what was said before to be read');
      // Of several workers it is one that keeps them all.
      expect(await readHolders(url)).toEqual({ [first.name]: DEVICES });

      await cluster[how](first);
      await say('meanwhile', { async: true, when_offline: 'hold' });
      await until(async () => (await delivered()).length === said.length, 'what was said meanwhile to be read');
      expect(await readHolders(url)).toEqual({ [second.name]: DEVICES });
      await say('after');
      await until(async () => (await delivered()).length === said.length, 'what was said after it to be read');
      expect((await readRows(url)).map(({ ref }) => ref)).toEqual(said);
    },
  );
});
