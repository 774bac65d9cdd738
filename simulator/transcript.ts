import type { Timers } from './clock.ts';
import type { Stanza } from './stanza.ts';

export interface TranscriptEntry {
  readonly at: number;
  /** `in` is from the client to the server. */
  readonly direction: 'in' | 'out';
  /** Address of the device, or the connection's name before it has logged in. */
  readonly device: string;
  readonly node: Stanza;
}

export type TranscriptFilter = (entry: TranscriptEntry) => boolean;

/** What went over the wire, the newest `limit` stanzas of it. */
export class Transcript {
  readonly limit: number;
  readonly #timers: Timers;
  #entries: TranscriptEntry[] = [];
  readonly #watchers = new Set<(entry: TranscriptEntry) => void>();

  constructor(timers: Timers, limit: number) {
    this.#timers = timers;
    this.limit = limit;
  }

  get entries(): readonly TranscriptEntry[] {
    return this.#entries.length > this.limit ? this.#entries.slice(-this.limit) : this.#entries;
  }

  find(filter: TranscriptFilter): TranscriptEntry[] {
    return this.entries.filter(filter);
  }

  clear(): void {
    this.#entries = [];
  }

  add(direction: 'in' | 'out', device: string, node: Stanza): void {
    const entry: TranscriptEntry = { at: this.#timers.now(), direction, device, node };
    this.#entries.push(entry);
    // Cut now and then, not at each stanza: shifting a long array for every entry would cost more than the stanza.
    if (this.#entries.length > this.limit * 2) this.#entries = this.#entries.slice(-this.limit);
    for (const watcher of [...this.#watchers]) watcher(entry);
  }

  /** Calls `watcher` for each new stanza; gives the function that stops it. */
  watch(watcher: (entry: TranscriptEntry) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
