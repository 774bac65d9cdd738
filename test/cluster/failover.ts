import { setTimeout as pause } from 'node:timers/promises';
import { auditSending, type SendingFigures } from '../crash/audit.ts';
import { PATIENCE_MS } from '../crash/world.ts';
import { type Pair, startPair } from '../support/pair.ts';
import { hearNodes, readBells, readEpochOfEach, readEpochs, readOpen, readRows, readStale } from './books.ts';
import { bootAll, contactNumber, until } from './chaos.ts';
import { Load } from './load.ts';
import { Cluster, inCluster } from './world.ts';

export interface FailoverPlan {
  readonly bin: string;
  readonly seed: number;
  readonly devices: number;
  readonly perSecond: number;
  readonly failovers: number;
  readonly workers?: number;
  readonly apis?: number;
  /** Accepted messages before each failover and after it. */
  readonly calm?: number;
}

export interface FailoverReport extends SendingFigures {
  readonly seed: number;
  readonly failovers: number;
  readonly posted: number;
  /** Answered with 503. */
  readonly refused: number;
  /** Of these and of those without an answer: what was kept all the same, and sent. Whoever repeats it needs an Idempotency-Key. */
  readonly sentAllTheSame: number;
  readonly staleWrites: number;
  readonly twoLines: number;
  /** Devices whose epoch was lower after a failover than it had been seen before it. */
  readonly epochsBack: number;
  readonly reusedIds: number;
  readonly reusedSteps: number;
  /** Nodes that ring and hear after each failover, the fewest. */
  readonly bells: number;
  /** Nodes whose rings were heard after each failover, the fewest. */
  readonly heard: number;
  readonly takenOver: number;
  /** Milliseconds between two answers that accepted a message: the longest. */
  readonly longestPause: number;
  readonly longestAway: number;
  readonly seconds: number;
  readonly findings: readonly string[];
}

/**
 * The PostgreSQL that writes dies under load with all its processes, or falls silent (each second time); its synchronous follower is
 * promoted, and a new follower is made; so many times. Nodes know both addresses.
 */
export async function failover(plan: FailoverPlan): Promise<FailoverReport> {
  const began = performance.now();
  const { calm = 25 } = plan;
  const pair = await startPair(plan.bin);
  const cluster = await Cluster.on(pair, plan);
  return inCluster(cluster, async () => {
    const { workers, apis } = await bootAll(cluster, plan);
    const names = [...workers, ...apis].map(({ name }) => name).sort();
    const chats = Array.from({ length: Math.min(90, plan.devices * 3) }, (_, n) => contactNumber(n));
    await cluster.network.call('contacts', chats, 'delivered');
    await cluster.network.call('watchLines', 20);
    const before = await readEpochs(pair.direct());
    const epochs = watchEpochs(pair);

    // One of three waits for WhatsApp's answer.
    const load = new Load(cluster, chats, (number) => ({ async: number % 3 !== 0, when_offline: 'hold' }));
    const over = new AbortController();
    const posting = load.run(1_000_000, plan, AbortSignal.any([over.signal, AbortSignal.timeout(900_000)]));
    let bells = names.length;
    let heard = names.length;
    try {
      for (let n = 0; n < plan.failovers; n++) {
        await answers(load, calm);
        // Another instant of what is under way in each run.
        await pause(cluster.draw(0, 1_000));
        await epochs.look();
        await pair.failOver(n % 2 === 0 ? 'dies' : 'hangs');
        await epochs.look();
        await until(async () => (await readBells(pair.direct())).length >= names.length, 'each node to listen again');
        bells = Math.min(bells, (await readBells(pair.direct())).length);
        const listening = await hearNodes(pair.direct());
        await answers(load, calm);
        await until(async () => listening.heard.size >= names.length, 'each node to be heard again');
        heard = Math.min(heard, listening.heard.size);
        await listening.stop();
        await epochs.look();
        if (n < plan.failovers - 1) await pair.rebuild();
      }
      await answers(load, calm);
    } finally {
      over.abort();
      await posting;
    }

    const url = pair.direct();
    const deadline = performance.now() + PATIENCE_MS;
    while ((await readOpen(url)) > 0 && performance.now() < deadline) await pause(200);
    const expected = load.accepted.map(({ ref, to }): [string, string] => [to, ref]);
    await cluster.network.call('missing', expected, 15_000);
    await epochs.look();
    const { undecryptable, reusedIds, reusedRatchetSteps } = await cluster.network.call('counters');
    const lines = await cluster.network.call('lines');
    const seen = await cluster.network.call('seen', cluster.phones);
    const { findings, ...figures } = auditSending({
      posted: load.posted,
      seen,
      rows: await readRows(url),
      unreadable: undecryptable,
      readersOf: (recipient) => [recipient],
    });
    const stale = await readStale(url);
    findings.push(...stale.slice(0, 20).map((one) => `stale write: ${JSON.stringify(one)}`), ...epochs.back);
    if (findings.length > 0) findings.push(`logs are in ${cluster.dir}`);
    const texts = new Set(seen.map(({ text }) => text));
    const times = load.accepted.map(({ answeredAt }) => answeredAt).sort((a, b) => a - b);
    return {
      ...figures,
      seed: plan.seed,
      failovers: plan.failovers,
      posted: load.posted.length,
      refused: load.posted.filter(({ status }) => status === 503).length,
      sentAllTheSame: load.posted.filter(({ outcome, ref }) => outcome !== 'accepted' && texts.has(ref)).length,
      staleWrites: stale.length,
      twoLines: lines.twice,
      epochsBack: epochs.back.length,
      reusedIds,
      reusedSteps: reusedRatchetSteps,
      bells,
      heard,
      takenOver: (await readEpochs(url)).taken - before.taken,
      longestPause: times.reduce((longest, at, n) => Math.max(longest, at - (times[n - 1] ?? at)), 0),
      longestAway: lines.longestAway,
      seconds: Math.round((performance.now() - began) / 1_000),
      findings,
    };
  });
}

/** Resolves when so many more messages were accepted. */
async function answers(load: Load, count: number): Promise<void> {
  const before = load.accepted.length;
  await until(async () => load.accepted.length >= before + count, `${count} more messages to be accepted`);
}

/** What could be seen is on both servers: a commit shows only when the follower has it. */
function watchEpochs(pair: Pair) {
  const highest = new Map<number, number>();
  const back: string[] = [];
  return {
    back,
    async look() {
      for (const [device, epoch] of await readEpochOfEach(pair.direct())) {
        const before = highest.get(device) ?? 0;
        if (epoch < before) back.push(`epoch of device ${device} was ${before} and is ${epoch}`);
        highest.set(device, Math.max(epoch, before));
      }
    },
  };
}
