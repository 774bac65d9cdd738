import { setTimeout as pause } from 'node:timers/promises';
import { auditSending } from '../crash/audit.ts';
import { PATIENCE_MS } from '../crash/world.ts';
import { readOpen, readRows, readStale } from './books.ts';
import { bootAll, contactNumber, until } from './chaos.ts';
import { Load } from './load.ts';
import { Cluster, type ClusterNode, inCluster } from './world.ts';

export interface RollingPlan {
  readonly bin: string;
  readonly seed: number;
  readonly devices: number;
  readonly perSecond: number;
  readonly workers?: number;
  readonly apis?: number;
  /** How often each node is exchanged. */
  readonly laps?: number;
}

/**
 * Every node is exchanged for a new one, one after the other, while customers write: each waits for WhatsApp's answer, and none holds its
 * message for a device that is away, so that a device that is not there is a request that fails.
 */
export async function rolling(plan: RollingPlan) {
  const began = performance.now();
  const cluster = await Cluster.create(plan.bin, plan);
  return inCluster(cluster, async () => {
    const { workers, apis } = await bootAll(cluster, plan);
    const chats = Array.from({ length: Math.min(90, plan.devices * 3) }, (_, n) => contactNumber(n));
    await cluster.network.call('contacts', chats, 'delivered');
    await cluster.network.call('watchLines', 20);
    const load = new Load(cluster, chats);
    const over = new AbortController();
    const posting = load.run(1_000_000, plan, AbortSignal.any([over.signal, AbortSignal.timeout(900_000)]));
    let restarted = 0;
    try {
      for (let lap = 0, nodes = [...workers, ...apis]; lap < (plan.laps ?? 1); lap++) {
        const newer: ClusterNode[] = [];
        for (const old of nodes) {
          newer.push(await cluster.boot(old.role));
          await cluster.stop(old);
          restarted += 1;
          const before = load.posted.length;
          await until(async () => load.posted.length > before + 20, 'customers to go on');
        }
        nodes = newer;
      }
    } finally {
      over.abort();
      await posting;
    }

    const { url } = cluster.postgres;
    const deadline = performance.now() + PATIENCE_MS;
    while ((await readOpen(url)) > 0 && performance.now() < deadline) await pause(200);
    const expected = load.accepted.map(({ ref, to }): [string, string] => [to, ref]);
    await cluster.network.call('missing', expected, 15_000);
    const { undecryptable } = await cluster.network.call('counters');
    const lines = await cluster.network.call('lines');
    const { findings, ...figures } = auditSending({
      posted: load.posted,
      seen: await cluster.network.call('seen', cluster.phones),
      rows: await readRows(url),
      unreadable: undecryptable,
      readersOf: (recipient) => [recipient],
    });
    const failed = load.posted.filter(({ status }) => status < 200 || status > 299);
    const pending = load.posted.filter(({ status }) => status === 202).length;
    for (const { ref, status, code } of failed.slice(0, 20)) findings.push(`failed: ${ref} ${status} ${code}`);
    if (findings.length > 0) findings.push(`logs are in ${cluster.dir}`);
    return {
      ...figures,
      seed: plan.seed,
      restarted,
      posted: load.posted.length,
      failed: failed.length,
      pending,
      proxyFailed: cluster.proxy.failed(),
      staleWrites: (await readStale(url)).length,
      twoLines: lines.twice,
      longestAway: lines.longestAway,
      longestAnswer: Math.round(load.posted.reduce((most, { tookMs }) => Math.max(most, tookMs), 0)),
      seconds: Math.round((performance.now() - began) / 1_000),
      findings,
    };
  });
}
