import type { DeviceMemory } from '../memory.ts';
import { UnreadableKeyError } from './errors.ts';
import { type Change, raw } from './rows.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** A first message can be delivered again for as long as the server keeps it for an offline device. */
const KEPT_DAYS = 14;
/** How far behind a sweep looks. A linked device dies after 14 days offline, so no page is ever left further back. */
const SWEPT_DAYS = 60;
const FORMAT = 0x01;

/**
 * One-time pre-keys that were used. They stay where they are for 14 days, because a first message that comes again needs
 * its pre-key once more when the session it made is gone; then they are deleted.
 *
 * The mark is a row per UTC day, `pre-key` / `spent-<day number>`: the format byte and the ids, four bytes each. The page is
 * written in the transaction of the message that used the key, and so are the deletions, by the first such message of a
 * new day: no timer, no listing of rows.
 */
export function createSpentPreKeys({
  memory,
  now,
  onUnreadable,
}: {
  memory: Pick<DeviceMemory, 'readKeys'>;
  now: () => number;
  onUnreadable?: ((error: UnreadableKeyError) => void) | undefined;
}) {
  let page: { day: number; ids: readonly number[] } | undefined;
  let sweptOn: number | undefined;

  /** The changes that mark `id` as used, and what to call once they are durable. Under the device's lock. */
  async function spend(id: number): Promise<{ changes: Change[]; done: () => void }> {
    const day = Math.floor(now() / DAY_MS);
    const current = page?.day === day ? page : { day, ids: (await readPages([day])).get(day) ?? [] };
    const next = current.ids.includes(id) ? current : { day, ids: [...current.ids, id] };
    const changes = [raw('pre-key', pageId(day), encode(next.ids))];
    if (sweptOn !== day) changes.push(...(await sweep(day)));
    return {
      changes,
      done: () => {
        page = next;
        sweptOn = day;
      },
    };
  }

  async function sweep(day: number): Promise<Change[]> {
    const days = Array.from({ length: SWEPT_DAYS }, (_, i) => day - KEPT_DAYS - 1 - i);
    const changes: Change[] = [];
    for (const [past, ids] of await readPages(days)) {
      for (const id of ids) changes.push(raw('pre-key', String(id), null));
      changes.push(raw('pre-key', pageId(past), null));
    }
    return changes;
  }

  async function readPages(days: readonly number[]): Promise<Map<number, number[]>> {
    const stored = await memory.readKeys('pre-key', days.map(pageId));
    const pages = new Map<number, number[]>();
    for (const day of days) {
      const row = stored.get(pageId(day));
      const ids = row && decode(row);
      if (ids) pages.set(day, ids);
      else if (row) {
        const error = new UnreadableKeyError('pre-key', pageId(day), 'it is no list of ids');
        onUnreadable?.(error);
        throw error;
      }
    }
    return pages;
  }

  return { spend };
}

function pageId(day: number): string {
  return `spent-${day}`;
}

function encode(ids: readonly number[]): Uint8Array {
  const out = Buffer.alloc(1 + ids.length * 4);
  out[0] = FORMAT;
  ids.forEach((id, i) => {
    out.writeUInt32BE(id, 1 + i * 4);
  });
  return out;
}

function decode(row: Uint8Array): number[] | undefined {
  if (row[0] !== FORMAT || row.length % 4 !== 1) return undefined;
  const bytes = Buffer.from(row.buffer, row.byteOffset, row.length);
  return Array.from({ length: (row.length - 1) / 4 }, (_, i) => bytes.readUInt32BE(1 + i * 4));
}
