import { randomBytes } from 'node:crypto';

/** A number in [0, 1). */
export type Random = () => number;

/** mulberry32: small, fast, the same sequence for the same seed on every machine. Never used for keys. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function freshSeed(): number {
  return randomBytes(4).readUInt32BE();
}

/** An id for messages and notifications in the manner of a phone: upper-case hex. */
export function hexId(random: Random, prefix: string, length: number): string {
  let id = prefix;
  while (id.length < length) id += Math.floor(random() * 16).toString(16);
  return id.toUpperCase();
}
