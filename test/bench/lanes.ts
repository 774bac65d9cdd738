/** Works through `items` in order, so many at a time; gives the ms that each took. */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<number[]> {
  const took: number[] = [];
  let next = 0;
  const lane = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const from = performance.now();
      await work(items[at] as T);
      took.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  return took;
}

/** One batch of messages: wall ms of all, and ms of each from the call to WhatsApp's acknowledgement. */
export interface Batch {
  readonly ms: number;
  readonly latencies: readonly number[];
}

export async function timed(work: () => Promise<number[]>): Promise<Batch> {
  const from = performance.now();
  const latencies = await work();
  return { ms: performance.now() - from, latencies };
}
