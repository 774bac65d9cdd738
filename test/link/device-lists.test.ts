import { expect, test } from 'vitest';
import { createDeviceLists } from '../../src/whatsapp/device-lists.ts';
import { createMemory, type PlainMemory } from '../support/memory.ts';

const open = (memory: PlainMemory) =>
  createDeviceLists({ memory, clock: { now: () => 1_000 }, onFailure: () => undefined });
const list = [{ user: '628110000001', device: 0 }];

/** The list of one user, as an earlier life of the process kept it. */
async function remembered(): Promise<PlainMemory> {
  const memory = createMemory();
  await open(memory).set('628110000001', list);
  return memory;
}

test('a list of devices that is dropped while it is read stays dropped', async () => {
  const plain = await remembered();
  const read = Promise.withResolvers<void>();
  const memory: PlainMemory = {
    ...plain,
    async readKeys(type, ids) {
      const found = await plain.readKeys(type, ids);
      await read.promise;
      return found;
    },
  };
  const lists = open(memory);
  const reading = lists.get('628110000001');
  await lists.del('628110000001');
  read.resolve();
  expect(await reading).toBeUndefined();
  expect(await lists.get('628110000001')).toBeUndefined();
  await lists.set('628110000001', list);
  expect(await lists.get('628110000001')).toEqual(list);
});

test('a list of devices that is read while it is dropped stays dropped', async () => {
  const plain = await remembered();
  const written = Promise.withResolvers<void>();
  const memory: PlainMemory = {
    ...plain,
    async writeKeys(changes, journal) {
      await written.promise;
      return plain.writeKeys(changes, journal);
    },
  };
  const lists = open(memory);
  expect(await lists.get('628110000001')).toEqual(list);
  const dropping = lists.del('628110000001');
  expect(await lists.get('628110000001')).toBeUndefined();
  written.resolve();
  await dropping;
  expect(await lists.get('628110000001')).toBeUndefined();
});

test('a list of devices that could not be deleted does not come back', async () => {
  const memory = await remembered();
  const lists = open(memory);
  memory.fail('throws');
  await lists.del('628110000001');
  memory.fail(undefined);
  expect(await lists.get('628110000001')).toBeUndefined();
});
