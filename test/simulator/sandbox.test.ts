import { afterEach, beforeEach, expect, it } from 'vitest';
import { MANNERS, type Network, startNetwork } from '../../simulator/index.ts';
import { Client, textOf } from './client.ts';

const PHONE = '6281100000001';

let network: Network;
let client: Client;
let asked: { ms: number; go: () => void }[];

beforeEach(async () => {
  asked = [];
  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      asked.push({ ms, go: resolve });
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  network = await startNetwork({ everyoneExists: true, clock: { now: () => Date.now(), sleep } });
  client = await new Client(network).pair(PHONE);
});
afterEach(async () => {
  await client.stop();
  await network.stop();
  expect(network.errors).toEqual([]);
});

const number = (last: number) => `62899000000${last}`;
const send = async (last: number) => {
  const sent = await client.sock.sendMessage(`${number(last)}@s.whatsapp.net`, { text: `to ${last}` });
  return sent?.key.id ?? '';
};
const status = (id: string, wanted: number) =>
  client.until(`status ${wanted}`, () => client.status(id) === wanted || undefined);

it('reads along, delivers late, is nowhere, refuses, stays silent, echoes and says STOP', async () => {
  await status(await send(1), 4);

  const late = await send(2);
  await client.until('the ack', () => client.acks.has(late) || undefined);
  await client.until('thirty seconds asked for', () => asked.find((one) => one.ms === 30_000));
  expect(client.status(late)).toBeLessThan(3);
  asked.find((one) => one.ms === 30_000)?.go();
  await status(late, 3);

  expect(await client.sock.onWhatsApp(number(3))).toEqual([]);
  const refused = await send(4);
  await client.until('463', () => client.refusals.get(refused) === '463' || undefined);

  const silent = await send(5);
  await network.contact(number(5)).nextMessage();

  await send(6);
  await client.message((one) => textOf(one) === 'to 6');
  await send(7);
  await client.message((one) => textOf(one) === 'STOP');
  expect(client.acks.has(silent)).toBe(false);
  expect(client.status(silent)).toBeLessThan(3);
});

it('has somebody behind every valid number: delivered, not read', async () => {
  const sent = await client.sock.sendMessage('6285777777777@s.whatsapp.net', { text: 'stranger' });
  await status(sent?.key.id ?? '', 3);
  expect(network.contact('6285777777777').messages[0]?.text).toBe('stranger');
  expect(Object.keys(MANNERS)).toHaveLength(7);
});

it('takes other manners than the table has', async () => {
  network.manner('6285777777778', { meaning: 'says hello', reply: { text: 'hello' }, read: 0 });
  await client.sock.sendMessage('6285777777778@s.whatsapp.net', { text: 'hi' });
  await client.message((one) => textOf(one) === 'hello');
});
