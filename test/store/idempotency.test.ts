import { expect, test } from 'vitest';
import { overEachDatabase } from '../support/databases.ts';
import { accept, createTenant } from './tenant.ts';

const hash = Buffer.alloc(32, 1);
const other = Buffer.alloc(32, 2);
const day = 86_400_000;

overEachDatabase('an Idempotency-Key', ({ open }) => {
  test('is new for exactly one of many requests: 50 keys, 20 parallel requests each', async () => {
    const store = await open();
    const { device } = await createTenant(store);
    const begun = await Promise.all(
      Array.from({ length: 1_000 }, (_, at) => store.idempotency.begin(device.id, `key-${at % 50}`, hash, store.now())),
    );
    const fresh = begun.flatMap((answer, at) => (answer.is === 'new' ? [at % 50] : []));
    expect(fresh.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, key) => key));
    expect(begun.filter(({ is }) => is === 'running')).toHaveLength(950);
  });

  test('replays the first answer, refuses another body, and is free again after a day', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { device } = tenant;
    const { begin, attach, finish } = store.idempotency;
    const now = 1_700_000_000_000;
    const { id } = await accept(store, tenant);
    expect(await begin(device.id, 'k', hash, now)).toEqual({ is: 'new' });
    expect(await begin(device.id, 'k', hash, now)).toEqual({ is: 'running', message_id: null, since: now });
    expect(await attach(device.id, { key: 'k', hash }, id)).toBe(true);
    const claim = { device_id: device.id, key: 'k', since: now };
    expect(await begin(device.id, 'k', hash, now)).toEqual({ is: 'running', message_id: id, since: now });
    const answer = '{"success":true}';
    expect(await finish(claim, { status: 200, answer })).toEqual({ status: 200, answer });
    // Another node that answered for the same message comes second.
    expect(await finish(claim, { status: 202, answer: '{}' })).toEqual({ status: 200, answer });
    expect(await begin(device.id, 'k', other, now + 1)).toEqual({ is: 'mismatch' });
    const done = { is: 'done', status: 200, answer, message_id: id };
    expect(await begin(device.id, 'k', hash, now + day - 1)).toEqual(done);
    expect(await begin(device.id, 'k', other, now + day)).toEqual({ is: 'new' });
    expect(await begin(device.id, 'k', other, now + day)).toEqual({
      is: 'running',
      message_id: null,
      since: now + day,
    });
  });

  test('is free again when its request was refused, belongs to one device, and is pruned', async () => {
    const store = await open();
    const [one, two] = [await createTenant(store), await createTenant(store)];
    const { begin, forget, prune } = store.idempotency;
    expect(await begin(one.device.id, 'k', hash, 1_000)).toEqual({ is: 'new' });
    expect(await begin(two.device.id, 'k', hash, 2_000)).toEqual({ is: 'new' });
    await forget({ device_id: one.device.id, key: 'k', since: 999 });
    expect(await begin(one.device.id, 'k', hash, 3_000)).toMatchObject({ is: 'running', since: 1_000 });
    await forget({ device_id: one.device.id, key: 'k', since: 1_000 });
    expect(await begin(one.device.id, 'k', hash, 3_000)).toEqual({ is: 'new' });
    expect(await prune(3_000, 10)).toBe(1);
    expect(await begin(two.device.id, 'k', hash, 4_000)).toEqual({ is: 'new' });
    expect(await begin(one.device.id, 'k', hash, 4_000)).toMatchObject({ is: 'running' });
  });

  test('has one message: whoever was given up for dead and lives finds it taken', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { id: device_id } = tenant.device;
    const { begin, forget, attach, finish } = store.idempotency;
    const [first, second] = [await accept(store, tenant), await accept(store, tenant)];
    await begin(device_id, 'k', hash, 1_000);
    // Two give it up at one moment: the second one's goodbye does not touch what the first has begun since.
    await forget({ device_id, key: 'k', since: 1_000 });
    expect(await begin(device_id, 'k', hash, 62_000)).toEqual({ is: 'new' });
    await forget({ device_id, key: 'k', since: 1_000 });
    expect(await begin(device_id, 'k', hash, 62_001)).toMatchObject({ is: 'running', since: 62_000 });
    expect(await attach(device_id, { key: 'k', hash: other }, first.id)).toBe(false);
    expect(await attach(device_id, { key: 'k', hash }, second.id)).toBe(true);
    expect(await attach(device_id, { key: 'k', hash }, first.id)).toBe(false);
    await finish({ device_id, key: 'k', since: 1_000 }, { status: 400, answer: 'of the dead' });
    expect(await begin(device_id, 'k', hash, 62_002)).toMatchObject({ is: 'running', message_id: second.id });
  });
});
