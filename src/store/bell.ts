import type { Socket } from 'node:net';
import { setTimeout as pause, setInterval as rounds } from 'node:timers/promises';
import type pg from 'pg';
import { asError } from '../base/errors.ts';
import { writerOf } from './writer.ts';

/**
 * What one node tells the others at once (LISTEN and NOTIFY), on a connection of its own and never in the transaction of a row: a NOTIFY
 * in it holds a lock of the whole database until the commit (measured: 74 against 435 sends/s). It carries ids only, and it may be
 * lost with its connection: whoever listens looks at the rows now and then.
 */
export interface Bell {
  /** Told together with what else waits: one statement is on its way at a time. */
  ring(item: unknown): void;
  /** `onGap`: what others told meanwhile was not heard. `onTrouble`: it can not be heard at all for now; told once, until it can again. */
  listen(hear: (item: unknown, node: string) => void, onGap: () => void, onTrouble: (error: Error) => void): void;
  close(): Promise<void>;
}

const CHANNEL = 'wagate';
/** PostgreSQL takes less than 8,000 bytes. */
const MOST_BYTES = 7_500;
/** What could not be told is left to the polls of the others. */
const MOST_WAITING = 20_000;
const AGAIN_MS = 500;
/** A server whose machine is gone says nothing, for hours: so it is asked now and then, and has so long to answer. */
const LOOK_MS = 5_000;
const ANSWER_MS = 5_000;
const GOODBYE_MS = 1_000;

/** Shown by `pg_stat_activity`; at most 63 bytes there. */
export const applicationName = (node: string): string => `wagate ${node}`.slice(0, 63);

export function openBell({ url, node }: { readonly url: string; readonly node: string }): Bell {
  const { Writer } = writerOf(url);
  let client: pg.Client | undefined;
  let waiting: string[] = [];
  let ringing = false;
  let closed = false;
  let living: Promise<void> | undefined;
  const ending = new AbortController();

  async function flush(): Promise<void> {
    if (ringing || client === undefined) return;
    ringing = true;
    while (waiting.length > 0 && client !== undefined) {
      const payloads = packed(node, waiting);
      waiting = [];
      await client
        .query('select pg_notify($1, payload) from unnest($2::text[]) as payload', [CHANNEL, payloads])
        // The connection broke, and its own event says so, or the server was slow once. The polls of the others find what was not told.
        .catch(() => undefined);
    }
    ringing = false;
  }

  /** One connection, until it breaks. */
  async function live(hear: (item: unknown, from: string) => void, onGap: () => void): Promise<void> {
    const mine = new Writer({
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      query_timeout: ANSWER_MS,
      application_name: applicationName(node),
    });
    const over = new AbortController();
    const broken = new Promise<never>((_, reject) => {
      mine.on('error', reject);
      mine.on('end', () => reject(new Error('the connection to the database ended')));
    });
    // Before somebody waits for it, `connect` and `query` tell of the same.
    broken.catch(() => undefined);
    mine.on('notification', ({ payload }) => {
      const [from, items] = JSON.parse(payload ?? '["",[]]') as [string, unknown[]];
      if (from !== node) for (const item of items) hear(item, from);
    });
    try {
      await mine.connect();
      await mine.query(`listen ${CHANNEL}`);
      client = mine;
      onGap();
      await flush();
      await Promise.race([broken, watch(mine, over.signal)]);
    } finally {
      over.abort();
      client = undefined;
      await hangUp(mine);
    }
  }

  /** Nobody may be at the other end any more, and a socket to a machine that is gone is closed by the system hours later. */
  async function hangUp(mine: pg.Client): Promise<void> {
    const ended = mine.end().catch(() => undefined);
    await Promise.race([ended, pause(GOODBYE_MS, undefined, { ref: false })]);
    (mine as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream.destroy();
  }

  /** Rejects when the server does not answer any more. To listen again changes nothing, and costs what any question does. */
  async function watch(mine: pg.Client, signal: AbortSignal): Promise<void> {
    for await (const _ of rounds(LOOK_MS, undefined, { signal })) await mine.query(`listen ${CHANNEL}`);
  }

  return {
    ring(item) {
      if (closed || waiting.length >= MOST_WAITING) return;
      waiting.push(JSON.stringify(item));
      // What is told in the same turn goes together.
      if (waiting.length === 1) queueMicrotask(() => void flush());
    },
    listen(hear, onGap, onTrouble) {
      let troubled = false;
      const again = () => {
        troubled = false;
        onGap();
      };
      living ??= (async () => {
        while (!closed) {
          await live(hear, again).catch((error) => {
            if (closed || troubled) return;
            troubled = true;
            onTrouble(asError(error));
          });
          if (!closed) await pause(AGAIN_MS, undefined, { signal: ending.signal }).catch(() => undefined);
        }
      })();
    },
    async close() {
      await flush();
      closed = true;
      ending.abort();
      if (client) await hangUp(client);
      await living;
    },
  };
}

/** As few payloads as the items fit into. */
function packed(node: string, items: readonly string[]): string[] {
  const head = `[${JSON.stringify(node)},[`;
  const payloads: string[] = [];
  let some: string[] = [];
  let bytes = head.length;
  const end = () => {
    if (some.length > 0) payloads.push(`${head}${some.join(',')}]]`);
    some = [];
    bytes = head.length;
  };
  for (const item of items) {
    const length = Buffer.byteLength(item) + 1;
    if (bytes + length > MOST_BYTES) end();
    some.push(item);
    bytes += length;
  }
  end();
  return payloads;
}
