/** The time, handed in. `sleep` is optional: without it real timers are used. */
export interface Clock {
  now(): number;
  sleep?(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Everything that waits in the network waits here, so that one stop() leaves no timer behind. */
export class Timers {
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  readonly #report: (error: unknown) => void;

  constructor(clock: Clock, report: (error: unknown) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  now(): number {
    return this.#clock.now();
  }

  /** WhatsApp's unit of time on the wire. */
  seconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }

  /** Runs `run` after `ms`; gives a function that calls it off. */
  after(ms: number, run: () => void): () => void {
    const off = new AbortController();
    const signal = AbortSignal.any([off.signal, this.#stopped.signal]);
    if (this.#clock.sleep) {
      this.#clock.sleep(ms, signal).then(
        () => {
          if (!signal.aborted) this.#guarded(run);
        },
        (error: unknown) => {
          // A sleep that is called off rejects; anything else is news.
          if (!signal.aborted) this.#report(error);
        },
      );
    } else {
      const timer = setTimeout(() => this.#guarded(run), ms);
      signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    }
    return () => off.abort();
  }

  stop(): void {
    this.#stopped.abort();
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#report(error);
    }
  }
}
