import { afterAll, beforeAll, expect, test } from 'vitest';
import { installCurve, silenceLibsignal } from '../../src/whatsapp/signal/index.ts';
import { createContact, createDevice, type Party, seeded } from './support.ts';

beforeAll(() => {
  silenceLibsignal();
  installCurve();
});

const JID = '15550001111@lid';
const STEPS = 220;
/** A message may be overtaken this often. libsignal keeps five receiving chains, so nothing may wait for ever. */
const PATIENCE = 3;

interface Waiting {
  readonly type: 'pkmsg' | 'msg';
  readonly ciphertext: Uint8Array;
  readonly text: string;
  overtaken: number;
}

let total = 0;

/** One conversation: both write, messages overtake each other, and sessions are made again while messages are in flight. */
async function converse(seed: number, us: Party, them: Party, remakes: 'us' | 'them' | 'both'): Promise<number> {
  const random = seeded(seed);
  const toUs: Waiting[] = [];
  const toThem: Waiting[] = [];
  let undecryptable = 0;

  const write = async (who: Party, queue: Waiting[], name: string) => {
    const text = `${name} ${seed}.${total++}`;
    queue.push({ ...(await who.encrypt(text)), text, overtaken: 0 });
  };
  const deliver = async (who: Party, queue: Waiting[], name: string) => {
    if (!queue.length) return;
    const stale = queue.findIndex((m) => m.overtaken >= PATIENCE);
    const at = stale >= 0 ? stale : Math.floor(random() * Math.min(4, queue.length));
    const [message] = queue.splice(at, 1);
    if (!message) return;
    for (const earlier of queue.slice(0, at)) earlier.overtaken += 1;
    try {
      expect(await who.decrypt(message.type, message.ciphertext)).toBe(message.text);
    } catch (error) {
      undecryptable += 1;
      console.log(`seed ${seed} (${remakes}): ${name} could not read "${message.text}" (${message.type}): ${error}`);
    }
  };
  const remake = async (who: Party, other: Party) => who.inject(await other.bundle(random() < 0.8));

  await remake(us, them);
  await write(us, toThem, 'us');
  await deliver(them, toThem, 'them');
  for (let step = 0; step < STEPS; step++) {
    const dice = random();
    if (dice < 0.28) await write(us, toThem, 'us');
    else if (dice < 0.56) await write(them, toUs, 'them');
    else if (dice < 0.76) await deliver(them, toThem, 'them');
    else if (dice < 0.95) await deliver(us, toUs, 'us');
    else if (remakes === 'us' || (remakes === 'both' && random() < 0.5)) await remake(us, them);
    else await remake(them, us);
  }
  while (toThem.length) await deliver(them, toThem, 'them');
  while (toUs.length) await deliver(us, toUs, 'us');
  return undecryptable;
}

const base = Number(process.env.WAGATE_TEST_SEED ?? Math.floor(Math.random() * 1e9));

for (const remakes of ['us', 'them', 'both'] as const) {
  test(`every message can be read while sessions are re-made by ${remakes}, with a contact on libsignal (npm)`, async () => {
    let undecryptable = 0;
    for (let run = 0; run < 22; run++) {
      undecryptable += await converse(base + run, createDevice(JID), createContact(), remakes);
    }
    expect(undecryptable, `seeds from ${base}`).toBe(0);
  });

  test(`every message can be read while sessions are re-made by ${remakes}, between two of our own`, async () => {
    let undecryptable = 0;
    for (let run = 0; run < 44; run++) {
      undecryptable += await converse(base + 1000 + run, createDevice(JID), createDevice(JID), remakes);
    }
    expect(undecryptable, `seeds from ${base + 1000}`).toBe(0);
  });
}

afterAll(() => {
  console.log(`${total} messages, seeds from ${base}`);
  expect(total).toBeGreaterThanOrEqual(20_000);
});
