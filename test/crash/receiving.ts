import { setTimeout as pause } from 'node:timers/promises';
import type { FailpointName } from '../../src/base/failpoints.ts';
import { readJournal } from './books.ts';
import { people } from './sending.ts';
import { inWorld, PATIENCE_MS, World, within } from './world.ts';

export interface ReceivingReport {
  readonly seed: number;
  readonly kills: number;
  /** Kills that left messages behind which were on their way. */
  readonly killsWithWork: number;
  /** Messages that contacts sent to the gateway's device. */
  readonly sent: number;
  readonly receipted: number;
  /** Receipted, and not in the decrypt journal: nobody will ever tell the customer. */
  readonly receiptedButAbsent: number;
  /** Never receipted, although the gateway was there in the end. */
  readonly neverReceipted: number;
  /** One WhatsApp id of one sender stored more than once. */
  readonly storedTwice: number;
  /** Stored with another text than was sent. */
  readonly otherText: number;
  /** Times that the gateway asked a contact to send again, since it could not read. */
  readonly retriesAsked: number;
  readonly seconds: number;
  readonly findings: readonly string[];
}

/** Contacts write all the time; the gateway is killed at random instants. */
export async function killWhileReceiving({
  seed,
  kills,
  messages,
}: {
  seed: number;
  kills: number;
  messages: number;
}): Promise<ReceivingReport> {
  const began = performance.now();
  const { world, life: first } = await World.linked({ seed });
  return inWorld(world, async () => {
    const { chats } = await people(world, 6);
    const phone = world.phones[0] ?? '';
    let written = 0;
    let killsWithWork = 0;
    const ending = new AbortController();
    const write = async () => {
      while (written < messages && !ending.signal.aborted) {
        written += 1;
        await world.network.call(
          'send',
          chats[world.draw(0, chats.length)] ?? '',
          phone,
          `incoming ${written} of ${seed}`,
        );
        // So many that the plan lasts through all kills; a burst would be over before the second.
        if (written >= ((world.kills + 1) * messages) / (kills + 1)) await pause(20);
      }
    };
    await world.kill(first);
    world.kills = 0;
    const writing = Promise.all([write(), write(), write()]);
    try {
      while (world.kills < kills) {
        const life = await world.prepare();
        const early = world.random() < 0.2;
        const after = world.draw(0, early ? 600 : 12);
        // The others die a few milliseconds after the n-th receipt of this life, with more messages on their way.
        const flowing = world.happened('confirmed', world.draw(1, 12));
        const starting = world.start(life).catch(() => undefined);
        if (!early) await flowing;
        await pause(after);
        await world.kill(life);
        if ((await world.network.call('unreceipted', world.phones, 0)).length > 0) killsWithWork += 1;
        await starting;
      }
      await world.boot();
      await writing;
    } finally {
      ending.abort();
    }
    return { ...(await conclude(world, began)), killsWithWork };
  });
}

/** The gateway ends itself between the journal and the receipt, or right after one, and is started again. */
export async function dieWhileReceiving(
  failpoint: FailpointName,
  { seed, hit }: { seed: number; hit: number },
): Promise<ReceivingReport> {
  const began = performance.now();
  const { world, life: first } = await World.linked({ seed });
  return inWorld(world, async () => {
    const { chats } = await people(world, 2);
    await world.kill(first);
    world.kills = 0;
    const armed = await world.boot({ failpoint: { name: failpoint, hit } });
    for (let n = 0; n < 8; n++)
      await world.network.call(
        'send',
        chats[n % chats.length] ?? '',
        world.phones[0] ?? '',
        `incoming ${n} of ${seed}`,
      );
    await within(armed.gone, PATIENCE_MS, `the gateway to die at ${failpoint}`);
    world.kills = 1;
    await world.boot();
    return { ...(await conclude(world, began)), killsWithWork: 1 };
  });
}

async function conclude(world: World, began: number): Promise<Omit<ReceivingReport, 'killsWithWork'>> {
  const findings: string[] = [];
  const open = await world.network.call('unreceipted', world.phones, PATIENCE_MS);
  findings.push(...open.map((id) => `never receipted: ${id}`));
  const sent = await world.network.call('sentByContacts', world.phones);
  const { retriesOfClient } = await world.network.call('counters');
  const stored = Map.groupBy(await readJournal(world.database), ({ whatsappId }) => whatsappId);
  let receiptedButAbsent = 0;
  let storedTwice = 0;
  let otherText = 0;
  for (const { whatsappId, text, receipted } of sent) {
    const entries = stored.get(whatsappId) ?? [];
    if (receipted && entries.length === 0) {
      receiptedButAbsent += 1;
      findings.push(`receipted but absent: ${whatsappId} ${text}`);
    }
    if (entries.length > 1) {
      storedTwice += 1;
      findings.push(`stored ${entries.length} times: ${whatsappId} ${text}`);
    }
    if (entries.some((entry) => entry.text !== text)) {
      otherText += 1;
      findings.push(`stored as ${entries.map((entry) => entry.text).join(', ')}: ${text}`);
    }
  }
  return {
    seed: world.seed,
    kills: world.kills,
    sent: sent.length,
    receipted: sent.filter(({ receipted }) => receipted).length,
    receiptedButAbsent,
    neverReceipted: open.length,
    storedTwice,
    otherText,
    retriesAsked: retriesOfClient,
    seconds: Math.round((performance.now() - began) / 1000),
    findings,
  };
}
