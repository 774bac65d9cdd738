import { describe, expect, it } from 'vitest';
import { type Contact, startNetwork } from '../../simulator/index.ts';

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
});
