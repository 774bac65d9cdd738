import { setTimeout as pause } from 'node:timers/promises';
import type { FailpointName } from '../../src/base/failpoints.ts';
import { ON_FILE } from '../support/own-database.ts';
import { auditSending, type SendingFigures } from './audit.ts';
import { readOpen, readQuota, readRows } from './books.ts';
import { Load } from './load.ts';
import { inWorld, type Life, MASTER_KEY, PATIENCE_MS, World, within } from './world.ts';

export interface SendingReport extends SendingFigures {
  readonly seed: number;
  readonly kills: number;
  /** Kills that hit messages on the wire (`sending`), and kills that hit messages at all. */
  readonly killsOnTheWire: number;
  readonly killsWithWork: number;
  readonly quotaUsed: number;
  readonly quotaCounted: number;
  readonly mostAttempts: number;
  /** QR codes shown after a kill: the login was lost. */
  readonly codes: number;
  /** What the network counted: ids with other content, ratchet steps used for two ciphertexts. */
  readonly reusedIds: number;
  readonly reusedSteps: number;
  readonly seconds: number;
  readonly findings: readonly string[];
}

/** Who is written to, and who reads it. */
interface Audience {
  readonly chats: readonly string[];
  readonly readersOf: (recipient: string) => readonly string[];
}

const contactNumber = (n: number): string => String(6281300000000 + n);

export async function people(world: World, count: number): Promise<Audience> {
  const chats = Array.from({ length: count }, (_, n) => contactNumber(n));
  await world.network.call('contacts', chats, 'delivered');
  return { chats, readersOf: (recipient) => [recipient] };
}

async function groups(world: World, count: number, members: number): Promise<Audience> {
  const readers = new Map<string, readonly string[]>();
  for (let n = 0; n < count; n++) {
    const others = Array.from({ length: members }, (_, m) => contactNumber(n + m));
    await world.network.call('contacts', others, 'delivered');
    readers.set(await world.network.call('group', `Group ${n}`, [world.phones[0] ?? '', ...others]), others);
  }
  return { chats: [...readers.keys()], readersOf: (recipient) => readers.get(recipient) ?? [] };
}

export interface KillPlan {
  readonly seed: number;
  readonly kills: number;
  readonly messages: number;
  readonly to?: 'people' | 'groups';
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Customers post, the gateway is killed at random instants and started again at once; then everybody's books are compared. */
export async function killWhileSending({
  seed,
  kills,
  messages,
  to = 'people',
  program,
  env,
}: KillPlan): Promise<SendingReport> {
  const began = performance.now();
  const { world, life: first } = await World.linked({
    seed,
    ...(program === undefined ? {} : { program }),
    ...(env === undefined ? {} : { env }),
  });
  return inWorld(world, async () => {
    const audience = to === 'people' ? await people(world, 8) : await groups(world, 2, 6);
    const load = new Load(world, audience.chats);
    const ours = program === undefined;
    let killsOnTheWire = 0;
    let killsWithWork = 0;
    await world.kill(first);
    world.kills = 0;
    while (world.kills < kills) {
      const life = await world.prepare();
      const left = messages - load.posted.length;
      const share = Math.ceil(left / (kills - world.kills));
      await liveUntilKilled(world, life, load, share);
      if (!ours) continue;
      const open = await readOpen(world.database);
      if (open.sending > 0) killsOnTheWire += 1;
      if (open.sending + open.queued > 0) killsWithWork += 1;
    }
    await world.boot();
    const rest = messages - load.posted.length;
    await load.run(rest, AbortSignal.timeout(PATIENCE_MS + 50 * rest));
    const conclusion = ours
      ? await conclude(world, load, audience, began)
      : await concludePlain(world, load, audience, began);
    return { ...conclusion, killsOnTheWire, killsWithWork };
  });
}

/** One life: a quarter die while they start, the others a few milliseconds after the n-th stanza of that life. */
async function liveUntilKilled(world: World, life: Life, load: Load, share: number): Promise<void> {
  const early = world.random() < 0.25;
  const after = world.draw(0, early ? 600 : 20);
  const flowing = world.happened('frame', world.draw(1, Math.max(2, share)));
  life.on('qr', () => {
    world.codes += 1;
  });
  const dead = new AbortController();
  const up = world.start(life).then(
    () => load.run(share, dead.signal),
    // Killed before it listened.
    () => undefined,
  );
  if (!early) await flowing;
  await pause(after);
  await world.kill(life);
  dead.abort();
  await up;
}

/** Waits for the recipients to have what was accepted, and for the rows to say so; then compares. */
async function conclude(
  world: World,
  load: Load,
  audience: Audience,
  began: number,
): Promise<Omit<SendingReport, 'killsOnTheWire' | 'killsWithWork'>> {
  const expected = load.accepted.flatMap(({ ref, to }) =>
    audience.readersOf(to).map((reader): [string, string] => [reader, ref]),
  );
  const rows = await settledRows(world, PATIENCE_MS);
  // What has its outcome was on the wire: the recipient has it now or never.
  await world.network.call('missing', expected, 10_000);
  const quota = await readQuota(world.database);
  const { undecryptable, reusedIds, reusedRatchetSteps } = await world.network.call('counters');
  const { findings, ...figures } = auditSending({
    posted: load.posted,
    seen: await world.network.call('seen', world.phones),
    rows,
    unreadable: undecryptable,
    readersOf: audience.readersOf,
  });
  return {
    ...figures,
    seed: world.seed,
    kills: world.kills,
    codes: world.codes,
    quotaUsed: quota.used,
    quotaCounted: quota.counted,
    mostAttempts: rows.reduce((most, { attempts }) => Math.max(most, attempts), 0),
    reusedIds,
    reusedSteps: reusedRatchetSteps,
    seconds: Math.round((performance.now() - began) / 1000),
    findings,
  };
}

/** Another program has no rows to compare; what its recipients saw is all there is. */
async function concludePlain(world: World, load: Load, audience: Audience, began: number) {
  const expected = load.accepted.map(({ ref, to }): [string, string] => [to, ref]);
  await world.network.call('missing', expected, PATIENCE_MS);
  const { undecryptable, reusedIds, reusedRatchetSteps } = await world.network.call('counters');
  const { findings, ...figures } = auditSending({
    posted: load.posted,
    seen: await world.network.call('seen', world.phones),
    rows: [],
    unreadable: undecryptable,
    readersOf: audience.readersOf,
  });
  return {
    ...figures,
    otherIds: 0,
    wrongRows: 0,
    seed: world.seed,
    kills: world.kills,
    codes: world.codes,
    quotaUsed: 0,
    quotaCounted: 0,
    mostAttempts: 0,
    reusedIds,
    reusedSteps: reusedRatchetSteps,
    seconds: Math.round((performance.now() - began) / 1000),
    findings: findings.filter((line) => /^(lost|doubled)/.test(line)),
  };
}

/** The rows once none of them is open; after the patience, as they are. */
async function settledRows(world: World, patienceMs = 60_000) {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const { queued, sending } = await readOpen(world.database);
    if (queued + sending === 0 || performance.now() > deadline) return await readRows(world.database);
    await pause(50);
  }
}

/** The gateway ends itself at the n-th pass of a named instant of sending, for each n of `hits`, and is started again. */
export async function dieAt(
  failpoint: FailpointName,
  { seed, hits = [2] }: { seed: number; hits?: readonly number[] },
): Promise<SendingReport> {
  const began = performance.now();
  const { world, life: first } = await World.linked({ seed });
  return inWorld(world, async () => {
    const audience = await people(world, 3);
    const load = new Load(world, audience.chats);
    // Sessions exist, so that a ratchet step is what the next message writes.
    await load.run(3, AbortSignal.timeout(PATIENCE_MS));
    await settledRows(world);
    await world.kill(first);
    world.kills = 0;
    let killsOnTheWire = 0;
    let killsWithWork = 0;
    for (const hit of hits) {
      const armed = await world.boot({ failpoint: { name: failpoint, hit } });
      const dead = new AbortController();
      const posting = load.run(hit + 8, dead.signal);
      await within(armed.gone, PATIENCE_MS, `the gateway to die at ${failpoint}`);
      dead.abort();
      await posting;
      const open = await readOpen(world.database);
      if (open.sending > 0) killsOnTheWire += 1;
      if (open.sending + open.queued > 0) killsWithWork += 1;
      world.kills += 1;
      const next = await world.boot();
      await load.run(3, AbortSignal.timeout(PATIENCE_MS));
      await settledRows(world);
      if (hit !== hits.at(-1)) await next.kill();
    }
    const conclusion = await conclude(world, load, audience, began);
    return { ...conclusion, killsOnTheWire, killsWithWork };
  });
}

/** No kill: the network loses one ack in ten and cuts the line before and after stanzas. Time runs four times faster. */
export async function loseAcks({
  seed,
  messages = 100,
}: {
  seed: number;
  messages?: number;
}): Promise<SendingReport & { lines: number }> {
  const began = performance.now();
  const { world, life: first } = await World.linked({ seed });
  return inWorld(world, async () => {
    const audience = await people(world, 10);
    // Without receipts, which count as acks, the lost ack is all there is.
    await world.network.call('contacts', audience.chats, 'none');
    await world.kill(first);
    world.kills = 0;
    await world.network.call('loseAcks', 0.1);
    const lines = 5;
    const cuts = Array.from({ length: lines }, (_, n) => ({
      at: world.draw(1, Math.ceil(messages / lines)) + Math.floor((n * messages) / lines),
      when: n % 2 === 0 ? ('after' as const) : ('before' as const),
    }));
    await world.network.call('cutAt', cuts);
    await world.boot({ haste: 4 });
    const load = new Load(world, audience.chats);
    await load.run(messages, AbortSignal.timeout(PATIENCE_MS));
    const conclusion = await conclude(world, load, audience, began);
    return { ...conclusion, killsOnTheWire: 0, killsWithWork: 0, lines };
  });
}

/** Each frame's ratchet steps are looked up in the gateway's database, by another process, before the network takes the frame. */
export async function watchTheWire({
  seed,
  messages = 60,
}: {
  seed: number;
  messages?: number;
}): Promise<RatchetReport> {
  const began = performance.now();
  const { world } = await World.linked({ seed, env: ON_FILE });
  return inWorld(world, async () => {
    const audiences = [await people(world, 4), await groups(world, 1, 5)];
    await world.network.call('watch', world.database, MASTER_KEY);
    for (const audience of audiences) {
      const load = new Load(world, audience.chats);
      await load.run(messages / 2, AbortSignal.timeout(PATIENCE_MS));
      await settledRows(world);
    }
    const { checked, behind } = await world.network.call('witnessed');
    const { messageFrames } = await world.network.call('counters');
    return {
      seed,
      frames: messageFrames,
      checked,
      behind: behind.length,
      seconds: Math.round((performance.now() - began) / 1000),
      findings: behind,
    };
  });
}

export interface RatchetReport {
  readonly seed: number;
  readonly frames: number;
  /** Ciphertexts whose step was looked up. */
  readonly checked: number;
  /** Steps that the database did not know as used up. */
  readonly behind: number;
  readonly seconds: number;
  readonly findings: readonly string[];
}
