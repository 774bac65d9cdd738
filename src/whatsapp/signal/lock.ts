export type Lock = <T>(work: () => Promise<T>) => Promise<T>;

/** One at a time, first come first served; a failure stops nobody behind it. */
export function createLock(): Lock {
  let tail: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = tail.then(() => work());
    tail = turn.catch(() => undefined);
    return turn;
  };
}
