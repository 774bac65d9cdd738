import { describe, expect, it } from 'vitest';
import { type Contact, startNetwork } from '../../simulator/index.ts';
import { bundleOf, SignalDevice } from '../../simulator/signal.ts';
import type { SavedSession } from '../../simulator/signal-trial.ts';
import type { Store } from '../../simulator/store.ts';

/**
 * Two simulated people, no client: sessions re-made while messages are in flight. A message that belongs to an older
 * session is tried on the newer one first; on copies nothing is lost, in the faulty manner sessions are damaged.
 */
async function crossing(faultyTrial: boolean): Promise<{ undecryptable: number; read: number }> {
  const network = await startNetwork({ seed: 3 });
  const ani = network.contact('6281200000001', { faultyTrial });
  const budi = network.contact('6281200000002', { faultyTrial });
  for (let round = 0; round < 30; round++) {
    await exchange(ani, budi, round);
    // Budi forgets and writes at once: both sides now hold sessions that the other has not seen.
    if (round % 3 === 0) budi.forgetSessions(ani.number);
  }
  const { undecryptable } = network.counters.total;
  const read = ani.messages.length + budi.messages.length;
  await network.stop();
  expect(network.errors).toEqual([]);
  return { undecryptable, read };
}

async function exchange(ani: Contact, budi: Contact, round: number): Promise<void> {
  await Promise.all([ani.send(budi.number, `a${round}`), budi.send(ani.number, `b${round}`)]);
  await ani.idle();
  await budi.idle();
}

describe('sessions of simulated people', () => {
  it('lose nothing when sessions are re-made, beyond what was forgotten', async () => {
    // Ten times a message was under way to somebody who had just forgotten its session; retries heal those.
    expect(await crossing(false)).toEqual({ undecryptable: 10, read: 60 });
  });

  it('are damaged in the faulty manner, as by stock libsignal', async () => {
    expect((await crossing(true)).undecryptable).toBeGreaterThan(10);
  });

  it('keep five chains of the peer for what comes late, however long the conversation is', async () => {
    const [ani, ofAni] = device('ani:0');
    const [budi] = device('budi:0');
    const take = async (to: SignalDevice, from: SignalDevice, sent: Awaited<ReturnType<SignalDevice['encrypt']>>) =>
      (await to.decrypt(from.address, sent.type, sent.body)).plain.toString();
    await budi.startSession(ani.address, bundleOf(ani.publicKeys, ani.newOneTimeKey()));
    await take(ani, budi, await budi.encrypt(ani.address, Buffer.from('first')));

    const late: Awaited<ReturnType<SignalDevice['encrypt']>>[] = [];
    for (let turn = 0; turn < 12; turn++) {
      const said = Buffer.from(`turn ${turn}`);
      expect(await take(budi, ani, await ani.encrypt(budi.address, said))).toBe(`turn ${turn}`);
      late.push(await budi.encrypt(ani.address, Buffer.from(`late ${turn}`)));
      await take(ani, budi, await budi.encrypt(ani.address, said));
    }
    const chains = Object.values(ofAni.get('ani:0/budi:0')?.[0]?._chains ?? {}).map(({ chainType }) => chainType);
    expect(chains.toSorted()).toEqual([1, 2, 2, 2, 2, 2]);
    for (const turn of [7, 11]) expect(await take(ani, budi, present(late[turn]))).toBe(`late ${turn}`);
    await expect(take(ani, budi, present(late[2]))).rejects.toThrow('no session opens it');
  });
});

/** A device of one person, and its sessions as they are kept. */
function device(address: string): [SignalDevice, ReadonlyMap<string, readonly SavedSession[]>] {
  const kept = new Map<string, readonly SavedSession[]>();
  const store: Store = {
    all: () => [],
    commit(writes) {
      for (const { kind, id, value } of writes) if (kind === 'session') kept.set(id, value as SavedSession[]);
    },
    close: () => undefined,
  };
  const nothing = { secrets: new Map(), oneTime: new Map(), sessions: new Map() };
  return [new SignalDevice(address, store, nothing), kept];
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there');
  return value;
}
