import { hash, type Options, verify } from '@node-rs/argon2';

/** OWASP's figures for argon2id, which is what the package hashes with: 19 MiB, two passes, one lane. */
const COST: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Each takes a thread of the pool that disk and DNS use, too, and 19 MiB. */
const AT_ONCE = 2;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Costs the same whether there is a hash or not: nobody learns by the clock whether an address is known. */
  verify(stored: string | null, password: string): Promise<boolean>;
  /** How many passwords were compared since the start. */
  readonly compared: number;
}

export function createPasswords(): Passwords {
  const waiting: (() => void)[] = [];
  let running = 0;
  let compared = 0;
  let nobody: Promise<string> | undefined;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  }

  return {
    hash: (password) => inTurn(() => hash(password, COST)),
    async verify(stored, password) {
      compared += 1;
      nobody ??= inTurn(() => hash('nobody', COST));
      const against = stored ?? (await nobody);
      const isRight = await inTurn(() => verify(against, password));
      return isRight && stored !== null;
    },
    get compared() {
      return compared;
    },
  };
}
