import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { Part } from '../crash/part.ts';
import { databaseOf, dropDatabaseOf, placeOf } from '../support/own-database.ts';
import { rows } from '../support/rows.ts';
import type { Sample, SoakCalls } from './gateway.ts';
import { slopeOf } from './slope.ts';

export interface SoakOptions {
  readonly devices: number;
  /** In and out together; the soak ends when they are through and `seconds` are over. */
  readonly messages: number;
  readonly seconds: number;
  /** Messages until caches, pools and the sandbox's books are as full as they get; only what comes later is judged. */
  readonly warmUp: number;
  /** Requests at a time. */
  readonly lanes: number;
  /** Messages between two looks. */
  readonly segment: number;
  readonly say?: (line: string) => void;
  /** A heap snapshot after the warm-up and one at the end, to compare. */
  readonly snapshots?: string;
}

export interface Look extends Sample {
  readonly seconds: number;
  readonly messages: number;
}

/** Answers with an echo: each message out brings one in. */
const ECHO = '628990000006';
/** Delivered, not read, no answer. */
const READER = '6281200000001';
/** Every so many posts one carries a picture, one asks for the history, one is refused. */
const OTHERS = { picture: 40, history: 10, refused: 25 };
/** The lines of all devices are cut in every so many segments. */
const CUT_EVERY = 4;
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/**
 * Days in minutes: many sandbox devices send and receive through the API, with webhooks, live streams, pictures, refusals and cut lines.
 * Between the segments everything comes to rest, and the process looks at itself.
 */
export async function soak(options: SoakOptions) {
  const { say = () => undefined } = options;
  const folder = mkdtempSync(join(tmpdir(), 'wagate-soak-'));
  const told = { webhooks: 0 };
  const site = createServer((incoming, response) => {
    incoming.resume();
    if (incoming.method === 'POST') told.webhooks += 1;
    response.writeHead(200, { 'content-type': 'image/png' }).end(PIXEL);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const { port } = site.address() as AddressInfo;
  const data = join(folder, 'data');
  const gateway = new Part<SoakCalls>('../soak/gateway.ts', join(folder, 'gateway.log'));
  try {
    const { url, devices } = await gateway.call(
      'start',
      {
        DATA_DIR: data,
        ...(await databaseOf(data)),
        EGRESS_ALLOW: '127.0.0.0/8',
        EGRESS_PORTS: String(port),
        RATE_LIMIT_PER_MINUTE: '1000000',
      },
      options.devices,
    );
    const ids = devices.map(({ id }) => id);
    const token = (n: number) => devices[n % devices.length]?.token ?? '';
    const connected = async () => {
      const states = await gateway.call('states', ids);
      return states.filter((state) => state.is === 'connected' && state.caughtUp).length;
    };
    await reach('every device to be connected', async () => (await connected()) === ids.length);
    say(`${ids.length} devices are connected`);

    const count = async (what: string) =>
      Number((await rows<{ n: number }>(placeOf(data), `select ${what} as n`))[0]?.n);
    const messages = () => count('(select count(*) from message) + (select count(*) from inbox)');
    const began = performance.now();
    const looks: Look[] = [];
    const figures = {
      posts: 0,
      echoes: 0,
      pictures: 0,
      failed: 0,
      refused: 0,
      cuts: 0,
      statuses: {} as Record<string, number>,
    };

    async function segment(posts: number, cut: boolean): Promise<void> {
      // A pool of its own, closed before the look: connections that are kept alive are no leak.
      const agent = new Agent({ connections: options.lanes });
      const call = async (method: 'GET' | 'POST', path: string, n: number, body?: object) => {
        const { statusCode, body: answer } = await request(`${url}/api/v1${path}`, {
          dispatcher: agent,
          method,
          headers: { authorization: `Bearer ${token(n)}`, 'content-type': 'application/json' },
          ...(body && { body: JSON.stringify(body) }),
        });
        await answer.text();
        figures.statuses[statusCode] = (figures.statuses[statusCode] ?? 0) + 1;
        return statusCode;
      };
      const following = new AbortController();
      const streams = [0, 1].map(async (n) => {
        const { body } = await request(`${url}/api/v1/events`, {
          dispatcher: agent,
          headers: { authorization: `Bearer ${token(n)}` },
          signal: following.signal,
        });
        for await (const _ of body);
      });
      const followed = Promise.allSettled(streams);
      let next = 0;
      const lane = async () => {
        while (next < posts) {
          const n = figures.posts + next;
          next += 1;
          const picture = n % OTHERS.picture === 0;
          const content = picture
            ? { recipient: READER, media_url: `http://127.0.0.1:${port}/picture.png` }
            : { recipient: ECHO, message: `message ${n} of the soak` };
          const status = await call('POST', picture ? '/send-media' : '/send-message', n, {
            ...content,
            when_offline: 'hold',
            async: n % 3 === 0,
          });
          const taken = status === 200 || status === 202;
          if (!taken && !(picture && status === 400)) throw new Error(`message ${n} was answered with ${status}`);
          if (picture) figures.pictures += 1;
          else figures.echoes += 1;
          if (cut && next === Math.floor(posts / 2)) {
            await gateway.call('cut');
            figures.cuts += 1;
          }
          if (n % OTHERS.history === 0) await call('GET', '/messages?limit=20', n);
          if (n % OTHERS.refused === 0 && (await call('POST', '/send-message', n, { recipient: '12' })) === 422)
            figures.refused += 1;
        }
      };
      await Promise.all(Array.from({ length: options.lanes }, lane));
      figures.posts += posts;
      await reach('all to be sent, answered and told', async () => {
        const open = await count("(select count(*) from message where state in ('queued', 'sending'))");
        const untold = await count("(select count(*) from delivery where state = 'pending')");
        const echoed = await count("(select count(*) from inbox where direction = 'in')");
        return open === 0 && untold === 0 && echoed >= figures.echoes && (await connected()) === ids.length;
      });
      following.abort();
      await followed;
      await agent.close();
    }

    for (const n of [0, 1, 2]) await addWebhook(url, token(n), port);
    let snapshot = options.snapshots !== undefined;
    for (let round = 1; ; round += 1) {
      await segment(options.segment / 2, round % CUT_EVERY === 0);
      const seconds = (performance.now() - began) / 1000;
      // Files of Node's thread pool and connections that were just closed come to rest.
      const look = { seconds, messages: await messages(), ...(await settled(gateway)) };
      looks.push(look);
      say(
        `${seconds.toFixed(0).padStart(5)} s  ${look.messages} messages  heap ${look.heap.toFixed(2)}  code ${look.code.toFixed(2)}  external ${look.external.toFixed(2)}  rss ${look.rss.toFixed(1)} MiB  handles ${JSON.stringify(look.handles)}  listeners ${look.listeners}  ${Object.entries(
          look.spaces,
        )
          .map(([space, used]) => `${space} ${used.toFixed(2)}`)
          .join('  ')}`,
      );
      if (snapshot && look.messages >= options.warmUp) {
        await gateway.call('heapSnapshot', `${options.snapshots}/warm.heapsnapshot`);
        snapshot = false;
      }
      if (seconds >= options.seconds && look.messages >= options.messages) break;
    }
    if (options.snapshots) await gateway.call('heapSnapshot', `${options.snapshots}/end.heapsnapshot`);
    const books = {
      sent: await count("(select count(*) from message where state in ('sent', 'delivered', 'read'))"),
      received: await count("(select count(*) from inbox where direction = 'in')"),
      /** Pictures whose download ran out of time on a machine that stood still: told to the caller, and no leak. */
      failed: await count("(select count(*) from message where state = 'failed' and error_code = 'media_unreachable')"),
      unsent: await count(
        "(select count(*) from message where state not in ('sent', 'delivered', 'read') and not (state = 'failed' and error_code = 'media_unreachable'))",
      ),
      told: await count("(select count(*) from delivery where state = 'delivered')"),
    };
    const complaints = await gateway.call('complaints');
    await gateway.call('stop');
    const judged = looks.filter((look) => look.messages >= options.warmUp);
    return { figures, webhooks: told.webhooks, books, ...complaints, looks, judged, growth: growthOf(judged) };
  } finally {
    await gateway.kill();
    site.closeAllConnections();
    site.close();
    rmSync(folder, { recursive: true, force: true });
    await dropDatabaseOf(data);
  }
}

export type SoakReport = Awaited<ReturnType<typeof soak>>;

const slopeBy = (looks: readonly Look[], value: (look: Look) => number) =>
  slopeOf(looks.map((look) => ({ x: look.seconds / 3600, y: value(look) })));

/** MiB an hour, each with what it may be wrong by. */
function growthOf(looks: readonly Look[]) {
  const by = (value: (look: Look) => number) => slopeBy(looks, value);
  return {
    /** All that the process keeps and can name; `rss` has what the allocator holds in store, too. */
    kept: by(({ heap, code, external }) => heap + code + external),
    heap: by((look) => look.heap),
    code: by((look) => look.code),
    external: by((look) => look.external),
    rss: by((look) => look.rss),
  };
}

/** The same for each of V8's spaces, largest first: where to look when heap or code grows. */
export const growthOfSpaces = (looks: readonly Look[]) =>
  [...new Set(looks.flatMap(({ spaces }) => Object.keys(spaces)))]
    .map((space) => ({ space, ...slopeBy(looks, (look) => look.spaces[space] ?? 0) }))
    .toSorted((a, b) => b.slope - a.slope);

/** Waits until two looks see the same handles: what was closed a moment ago takes its time. */
async function settled(gateway: Part<SoakCalls>): Promise<Sample> {
  let before = await gateway.call('sample');
  for (let tries = 0; tries < 20; tries += 1) {
    await sleep(100);
    const now = await gateway.call('sample');
    if (JSON.stringify(now.handles) === JSON.stringify(before.handles) && now.listeners === before.listeners)
      return now;
    before = now;
  }
  return before;
}

async function addWebhook(url: string, token: string, port: number): Promise<void> {
  const { statusCode, body } = await request(`${url}/api/v1/webhooks`, {
    method: 'POST',
    // The pool that is shared by all requests without one would keep the connection for the first minute of looks.
    reset: true,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: `http://127.0.0.1:${port}/hook`, events: ['message.received', 'message.status'] }),
  });
  if (statusCode >= 300) throw new Error(`a webhook was refused: ${statusCode} ${await body.text()}`);
  await body.dump();
}

async function reach(what: string, look: () => Promise<boolean>, withinMs = 180_000): Promise<void> {
  const until = performance.now() + withinMs;
  while (!(await look())) {
    if (performance.now() > until) throw new Error(`waited ${withinMs / 1000} s for ${what}`);
    await sleep(100);
  }
}
