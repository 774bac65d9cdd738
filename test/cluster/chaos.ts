import { setTimeout as pause } from 'node:timers/promises';
import { auditSending, type SendingFigures } from '../crash/audit.ts';
import { PATIENCE_MS, within } from '../crash/world.ts';
import { readEpochs, readHolders, readOpen, readRows, readStale } from './books.ts';
import { Load } from './load.ts';
import { Cluster, type ClusterNode, type Database, inCluster } from './world.ts';

export interface ChaosPlan {
  readonly bin: string;
  readonly seed: number;
  readonly devices: number;
  readonly messages: number;
  readonly perSecond: number;
  readonly workers?: number;
  readonly apis?: number;
  readonly frozenMs?: number;
}

export interface ChaosReport extends SendingFigures {
  readonly seed: number;
  readonly devices: number;
  readonly posted: number;
  readonly staleWrites: number;
  /** Looks at the network that found a device with two open lines. */
  readonly twoLines: number;
  readonly looks: number;
  /** Milliseconds between two looks that saw a device connected. */
  readonly longestAway: number;
  /** Milliseconds from the answer to the recipient. */
  readonly longestWait: number;
  readonly reusedIds: number;
  readonly reusedSteps: number;
  readonly takenOver: number;
  readonly seconds: number;
  readonly findings: readonly string[];
}

export const contactNumber = (n: number): string => String(6281300000000 + n);

/** A worker is killed, one is frozen and wakes up, an api node is killed, PostgreSQL crashes and comes back; all under load. */
export async function chaos(plan: ChaosPlan): Promise<ChaosReport> {
  const began = performance.now();
  const cluster = await Cluster.create(plan.bin, plan);
  return inCluster(cluster, async () => {
    const { workers, apis } = await bootAll(cluster, plan);
    const chats = Array.from({ length: Math.min(90, plan.devices * 3) }, (_, n) => contactNumber(n));
    await cluster.network.call('contacts', chats, 'delivered');
    await cluster.network.call('watchLines', 20);
    const before = await readEpochs(cluster.postgres.url);

    // One of three waits for WhatsApp's answer.
    const load = new Load(cluster, chats, (number) => ({ async: number % 3 !== 0, when_offline: 'hold' }));
    const seconds = plan.messages / plan.perSecond;
    const over = new AbortController();
    const posting = load.run(plan.messages, plan, AbortSignal.any([over.signal, AbortSignal.timeout(900_000)]));
    const troubles = misfortunes(cluster, workers, apis, plan.frozenMs ?? 15_000, seconds * 1_000).catch((error) => {
      over.abort();
      throw error;
    });
    await Promise.all([posting, troubles]);

    const deadline = performance.now() + PATIENCE_MS;
    while ((await readOpen(cluster.postgres.url)) > 0 && performance.now() < deadline) await pause(200);
    const expected = load.accepted.map(({ ref, to }): [string, string] => [to, ref]);
    await cluster.network.call('missing', expected, 15_000);
    const figures = await conclude(cluster, load, before.taken);
    if (figures.findings.length > 0) figures.findings.push(`logs are in ${cluster.dir}`);
    return { ...figures, seconds: Math.round((performance.now() - began) / 1_000) };
  });
}

/** All nodes are up, all devices linked, and each worker has its share. */
export async function bootAll(
  cluster: Cluster<Database>,
  { workers = 3, apis = 2 }: { workers?: number | undefined; apis?: number | undefined },
): Promise<{ workers: ClusterNode[]; apis: ClusterNode[] }> {
  const first = await cluster.boot('worker');
  await cluster.link(first);
  const rest = Array.from({ length: workers - 1 }, () => 'worker' as const);
  const more = await Promise.all(rest.map((role) => cluster.boot(role)));
  const answering = await Promise.all(Array.from({ length: apis }, () => cluster.boot('api')));
  const share = Math.ceil(cluster.devices.length / workers);
  await until(async () => {
    const holders = Object.values(await readHolders(cluster.postgres.direct()));
    return holders.length === workers && holders.every((count) => count <= share);
  }, 'each worker to have its share');
  await until(
    async () => (await cluster.network.call('connected')).length >= cluster.devices.length,
    'every device to be connected',
  );
  return { workers: [first, ...more], apis: answering };
}

export async function until(holds: () => Promise<boolean>, what: string, ms = PATIENCE_MS): Promise<void> {
  const ended = new AbortController();
  const looking = async () => {
    while (!ended.signal.aborted && !(await holds())) await pause(100);
  };
  await within(looking(), ms, what).finally(() => ended.abort());
}

/** At a sixth, two, three and four sixths of the load's time, as the seed orders them. */
async function misfortunes(
  cluster: Cluster,
  workers: readonly ClusterNode[],
  apis: readonly ClusterNode[],
  frozenMs: number,
  ms: number,
): Promise<void> {
  const [killed, frozen] = cluster.draw(0, 2) === 0 ? [workers[0], workers[1]] : [workers[1], workers[0]];
  const began = performance.now();
  const at = async (share: number) => {
    const left = share * ms - (performance.now() - began);
    if (left > 0) await pause(left);
  };
  await at(1 / 6);
  if (killed) await cluster.kill(killed);
  await at(2 / 6);
  const pid = frozen?.part.pid;
  if (pid !== undefined) process.kill(pid, 'SIGSTOP');
  await pause(frozenMs);
  if (pid !== undefined) process.kill(pid, 'SIGCONT');
  await at(4 / 6);
  if (apis[0]) await cluster.kill(apis[0]);
  await at(5 / 6);
  await cluster.postgres.crash();
  await cluster.postgres.start();
}

async function conclude(
  cluster: Cluster,
  load: Load,
  before: number,
): Promise<Omit<ChaosReport, 'seconds' | 'findings'> & { findings: string[] }> {
  const { url } = cluster.postgres;
  const seen = await cluster.network.call('seen', cluster.phones);
  const { undecryptable, reusedIds, reusedRatchetSteps } = await cluster.network.call('counters');
  const { findings, ...figures } = auditSending({
    posted: load.posted,
    seen,
    rows: await readRows(url),
    unreadable: undecryptable,
    readersOf: (recipient) => [recipient],
  });
  const stale = await readStale(url);
  const lines = await cluster.network.call('lines');
  const answered = new Map(load.accepted.map(({ ref, answeredAt }) => [ref, answeredAt]));
  const waits = seen.map(({ text, at }) => at - (answered.get(text) ?? at));
  return {
    ...figures,
    seed: cluster.seed,
    devices: cluster.devices.length,
    posted: load.posted.length,
    staleWrites: stale.length,
    twoLines: lines.twice,
    looks: lines.looks,
    longestAway: lines.longestAway,
    longestWait: Math.round(Math.max(0, ...waits)),
    reusedIds,
    reusedSteps: reusedRatchetSteps,
    takenOver: (await readEpochs(url)).taken - before,
    findings: [...findings, ...stale.slice(0, 20).map((one) => `stale write: ${JSON.stringify(one)}`)],
  };
}
