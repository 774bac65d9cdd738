import { readQuota, readRows } from './books.ts';
import { post } from './load.ts';
import { people } from './sending.ts';
import { inWorld, PATIENCE_MS, World, within } from './world.ts';

export interface DuplexReport {
  readonly seed: number;
  readonly out: number;
  readonly in: number;
  readonly outUnreadable: number;
  readonly inRefused: number;
  readonly outMissing: number;
  readonly inMissing: number;
  readonly seconds: number;
}

/** Both sides of one chat write at once, on a store that takes 3 ms a call: one session, encrypting and decrypting. */
export async function writeBothWays({
  seed,
  messages = 200,
  storeLatencyMs = 3,
}: {
  seed: number;
  messages?: number;
  storeLatencyMs?: number;
}): Promise<DuplexReport> {
  const began = performance.now();
  const { world, life } = await World.linked({ seed });
  return inWorld(world, async () => {
    const { chats } = await people(world, 1);
    const contact = chats[0] ?? '';
    await world.kill(life);
    await world.boot({ storeLatencyMs });
    const numbers = Array.from({ length: messages }, (_, n) => n);
    const outgoing = Promise.all(
      numbers.map((n) => post(world, { recipient: contact, message: `out ${n}`, async: true, when_offline: 'hold' })),
    );
    for (const n of numbers) await world.network.call('send', contact, world.phones[0] ?? '', `in ${n}`);
    const posted = await outgoing;
    const accepted = posted.filter(({ outcome }) => outcome === 'accepted');
    const missing = await world.network.call(
      'missing',
      accepted.map(({ ref }): [string, string] => [contact, ref]),
      PATIENCE_MS,
    );
    const open = await world.network.call('unreceipted', world.phones, PATIENCE_MS);
    const { undecryptable, retriesOfClient } = await world.network.call('counters');
    return {
      seed,
      out: accepted.length,
      in: messages,
      outUnreadable: undecryptable,
      inRefused: retriesOfClient,
      outMissing: missing.length,
      inMissing: open.length,
      seconds: Math.round((performance.now() - began) / 1000),
    };
  });
}

export interface KeysReport {
  readonly seed: number;
  readonly posts: number;
  readonly keys: number;
  readonly messages: number;
  readonly seenOnce: number;
  /** Keys whose successful answers named more than one message. */
  readonly disagreeing: number;
  readonly replays: number;
  readonly inProgress: number;
  readonly otherAnswers: number;
  readonly seconds: number;
}

/** Many customers' retries at once: each key is posted by all of them in parallel. */
export async function repeatKeys({
  seed,
  keys = 50,
  times = 200,
}: {
  seed: number;
  keys?: number;
  times?: number;
}): Promise<KeysReport> {
  const began = performance.now();
  const { world } = await World.linked({ seed });
  return inWorld(world, async () => {
    const { chats } = await people(world, 5);
    let disagreeing = 0;
    let replays = 0;
    let inProgress = 0;
    let otherAnswers = 0;
    for (let key = 0; key < keys; key++) {
      const body = {
        recipient: chats[key % chats.length] ?? '',
        message: `key ${key}`,
        async: key % 2 === 0,
        when_offline: 'hold',
      };
      const answers = await Promise.all(
        Array.from({ length: times }, () => post(world, body, { 'idempotency-key': `key-${seed}-${key}` })),
      );
      const good = answers.filter(({ outcome }) => outcome === 'accepted');
      if (new Set(good.map(({ messageId }) => messageId)).size !== 1) disagreeing += 1;
      replays += Math.max(0, good.length - 1);
      inProgress += answers.filter(({ code }) => code === 'idempotency_in_progress').length;
      otherAnswers += answers.filter(
        ({ outcome, code }) => outcome !== 'accepted' && code !== 'idempotency_in_progress',
      ).length;
    }
    const rows = await readRows(world.database);
    await world.network.call(
      'missing',
      rows.map(({ recipient, ref }): [string, string] => [recipient, ref ?? '']),
      PATIENCE_MS,
    );
    const seen = await world.network.call('seen', world.phones);
    return {
      seed,
      posts: keys * times,
      keys,
      messages: rows.length,
      seenOnce: new Set(seen.map(({ whatsappId }) => whatsappId)).size,
      disagreeing,
      replays,
      inProgress,
      otherAnswers,
      seconds: Math.round((performance.now() - began) / 1000),
    };
  });
}

export interface QuotaReport {
  readonly seed: number;
  readonly posts: number;
  readonly quota: number;
  readonly accepted: number;
  readonly exhausted: number;
  readonly otherAnswers: number;
  readonly used: number;
  readonly counted: number;
  readonly seen: number;
  readonly seconds: number;
}

/** More than the quota holds, all at once. */
export async function exceedQuota({
  seed,
  posts = 1_000,
  quota = 100,
}: {
  seed: number;
  posts?: number;
  quota?: number;
}): Promise<QuotaReport> {
  const began = performance.now();
  const { world } = await World.linked({ seed, quota });
  return inWorld(world, async () => {
    const { chats } = await people(world, 5);
    const answers = await Promise.all(
      Array.from({ length: posts }, (_, n) =>
        post(world, {
          recipient: chats[n % chats.length] ?? '',
          message: `send ${n}`,
          async: true,
          when_offline: 'hold',
        }),
      ),
    );
    const accepted = answers.filter(({ outcome }) => outcome === 'accepted');
    const exhausted = answers.filter(({ code }) => code === 'quota_exhausted').length;
    await world.network.call(
      'missing',
      accepted.map(({ ref, to }): [string, string] => [to, ref]),
      PATIENCE_MS,
    );
    const seen = await world.network.call('seen', world.phones);
    return {
      seed,
      posts,
      quota,
      accepted: accepted.length,
      exhausted,
      otherAnswers: posts - accepted.length - exhausted,
      ...(await readQuota(world.database)),
      seen: seen.length,
      seconds: Math.round((performance.now() - began) / 1000),
    };
  });
}

export interface KeyAfterKillReport {
  readonly seed: number;
  readonly kills: number;
  /** Keys whose repeat, after the kill, was answered with a message. */
  readonly answered: number;
  /** Keys that made more than one message, or whose answers disagree with the row. */
  readonly doubled: number;
  readonly seconds: number;
  readonly findings: readonly string[];
}

/** The process dies between the acceptance and the answer, or later; the customer repeats the request with the same key. */
export async function repeatKeyAfterKill({ seed }: { seed: number }): Promise<KeyAfterKillReport> {
  const began = performance.now();
  const { world, life: first } = await World.linked({ seed });
  return inWorld(world, async () => {
    const { chats } = await people(world, 1);
    await world.kill(first);
    world.kills = 0;
    const findings: string[] = [];
    let answered = 0;
    let doubled = 0;
    const failpoints = ['accepted', 'marked', 'relayed', 'acknowledged', 'sent'] as const;
    for (const name of failpoints) {
      const body = { recipient: chats[0] ?? '', message: `key and ${name}`, when_offline: 'hold' };
      const headers = { 'idempotency-key': `${seed}-${name}` };
      const armed = await world.boot({ failpoint: { name, hit: 1 } });
      const dead = await post(world, body, headers);
      await within(armed.gone, PATIENCE_MS, `the gateway to die at ${name}`);
      world.kills += 1;
      const next = await world.boot();
      const repeat = await post(world, body, headers);
      const rows = (await readRows(world.database)).filter(({ ref }) => ref === body.message);
      if (repeat.outcome === 'accepted') answered += 1;
      else findings.push(`after a kill at ${name} the repeat was answered ${repeat.status} ${repeat.code}`);
      if (rows.length !== 1 || (repeat.messageId !== null && rows[0]?.whatsapp_id !== repeat.messageId)) {
        doubled += 1;
        findings.push(`after a kill at ${name}: ${JSON.stringify({ dead, repeat, rows })}`);
      }
      await next.kill();
    }
    return {
      seed,
      kills: world.kills,
      answered,
      doubled,
      seconds: Math.round((performance.now() - began) / 1000),
      findings,
    };
  });
}
