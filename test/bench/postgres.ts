import pg from 'pg';
import { family } from '../support/proc.ts';

/** What a bench may leave out of what its process asks of PostgreSQL: the fence's check of the lease, or what nodes tell each other. */
export type Part = 'fence' | 'bell';

const CHECK =
  /exists \(select 1 from device_lease where device_id = (\$\d+) and epoch = (\$\d+)\s*(?:for share)?\s*\)/g;
const JOINED = /\(select device_id from device_lease\s+where device_id = (\$\d+) and epoch = (\$\d+)\s+for share\)/g;
const QUESTION = /^select 1 from device_lease\s+where device_id = \$1 and epoch = \$2\s+for share$/;
const RING = 'select pg_notify(';

let left: Part | undefined;
let times = 0;

/** From now on; undefined: all is asked again. Patched from outside, so that the product has no switch for it. */
export function leaveOut(part: Part | undefined): void {
  left = part;
  times = 0;
}

/** How often since. */
export const leftOut = (): number => times;

let commits = 0;
const WRITE = /^\s*(?:insert|update|delete|with)\b/i;
/** Connections inside a transaction, and whether it has written. */
const inside = new WeakMap<object, boolean>();

/** Transactions that wait for the disk, until now: those that wrote something, and writes outside of one. */
export const committed = (): number => commits;

function count(client: object, text: string): void {
  if (text === 'begin') inside.set(client, false);
  else if (text === 'commit' || text === 'rollback') {
    if (text === 'commit' && inside.get(client)) commits += 1;
    inside.delete(client);
  } else if (WRITE.test(text)) {
    if (inside.has(client)) inside.set(client, true);
    else commits += 1;
  }
}

type Ask = (this: object, text: unknown, ...more: unknown[]) => unknown;
const prototype = pg.Client.prototype as unknown as { query: Ask };
const { query } = prototype;
prototype.query = function (text, ...more) {
  if (typeof text !== 'string') return query.call(this, text, ...more);
  count(this, text);
  if (left === 'bell' ? text.startsWith(RING) : left === 'fence' && QUESTION.test(text)) {
    times += 1;
    return Promise.resolve({ rows: [{}], rowCount: 1, command: 'SELECT' });
  }
  return query.call(this, left === 'fence' ? withoutCheck(text) : text, ...more);
};

/** Its values stay where they are: the other ones are counted from them. */
function withoutCheck(text: string): string {
  const by = (known: (device: string, epoch: string) => string) => (_: string, device: string, epoch: string) => {
    times += 1;
    return known(`${device}::bigint`, `${epoch}::bigint`);
  };
  const asked = text
    .replace(
      CHECK,
      by((device, epoch) => `(${device} is not null and ${epoch} is not null)`),
    )
    .replace(
      JOINED,
      by((device, epoch) => `(select ${device} as device_id where ${epoch} is not null)`),
    );
  if (/device_lease[^()]*for share/.test(asked)) throw new Error(`the check is not known that is in: ${text}`);
  return asked;
}

/** CPU ms of the server whose first process this is, those of its processes that have ended included. Undefined where there is no /proc. */
export function serverCpu(pid: number | undefined): number | undefined {
  const all = pid === undefined ? [] : family(pid);
  if (all.length === 0) return undefined;
  return all.reduce((sum, one) => sum + one.cpu + (one.pid === pid ? one.cpuOfEnded : 0), 0);
}
