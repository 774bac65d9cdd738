/** Whoever waits for something that will happen: a queue of things, and of people waiting for them. */
export class Expected<T> {
  readonly #what: string;
  readonly #most: number;
  #ready: T[] = [];
  #waiting: { matches: (thing: T) => boolean; take: (thing: T) => void; fail: (error: Error) => void }[] = [];

  /** `most`: so many things wait for somebody to ask; then the older half goes. */
  constructor(what: string, most: number) {
    this.#what = what;
    this.#most = most;
  }

  /** Hands the thing to the first who waits for such a one, or keeps it for the next who asks. */
  put(thing: T): void {
    const waiter = this.#waiting.find((one) => one.matches(thing));
    if (waiter) waiter.take(thing);
    else this.#ready.push(thing);
    if (this.#ready.length > this.#most) this.#ready = this.#ready.slice(-this.#most / 2);
  }

  /** Each thing is given out once. The time-out names what was awaited. */
  next(timeoutMs: number, matches: (thing: T) => boolean = () => true, detail = ''): Promise<T> {
    const index = this.#ready.findIndex(matches);
    if (index >= 0) return Promise.resolve(this.#ready.splice(index, 1)[0] as T);
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter((one) => one !== waiter);
      };
      const waiter = {
        matches,
        take: (thing: T) => {
          leave();
          resolve(thing);
        },
        fail: (error: Error) => {
          leave();
          reject(error);
        },
      };
      const timer = setTimeout(
        () => waiter.fail(new Error(`waited ${timeoutMs} ms in vain for ${this.#what}${detail && ` (${detail})`}`)),
        timeoutMs,
      );
      this.#waiting.push(waiter);
    });
  }

  stop(): void {
    for (const waiter of [...this.#waiting]) waiter.fail(new Error(`the network stopped; awaited ${this.#what}`));
  }
}
