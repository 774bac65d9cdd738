/** What must not be, counted. All zeros means that the sender did its work. */
export interface Counts {
  /** The same message came again with the same id: harmless to the reader, who keeps the oldest. */
  redelivered: number;
  /** An id came again with other content: a message is lost. */
  reusedIds: number;
  /** Two different ciphertexts used one step of a ratchet: the second can never be read. */
  reusedRatchetSteps: number;
  /** Copies that no session could open. */
  undecryptable: number;
  /** Messages that arrived at the server with no ciphertext for the chat. */
  withoutCiphertext: number;
  /** Retry receipts that contacts sent because of an undecryptable copy. */
  retriesAsked: number;
}

export type CounterName = keyof Counts;

const zero = (): Counts => ({
  redelivered: 0,
  reusedIds: 0,
  reusedRatchetSteps: 0,
  undecryptable: 0,
  withoutCiphertext: 0,
  retriesAsked: 0,
});

export class Counters {
  readonly #total = zero();
  readonly #byContact = new Map<string, Counts>();

  get total(): Readonly<Counts> {
    return this.#total;
  }

  of(number: string): Readonly<Counts> {
    return this.#byContact.get(number) ?? zero();
  }

  count(name: CounterName, number: string): void {
    let counts = this.#byContact.get(number);
    if (!counts) {
      counts = zero();
      this.#byContact.set(number, counts);
    }
    counts[name] += 1;
    this.#total[name] += 1;
  }

  toJSON(): { total: Counts; contacts: Record<string, Counts> } {
    return { total: this.#total, contacts: Object.fromEntries(this.#byContact) };
  }
}
