import pg from 'pg';
import { serversOf } from '../base/servers.ts';

/** The server could not be reached, or it only reads: the next client tries the next one. */
export class NotThere extends Error {}

type Callback = (error: Error | null, client?: pg.Client) => void;
interface Status {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/**
 * What `new pg.Client` is, for a `DATABASE_URL` that may name several servers: `pg` knows one host only. Each client tries one server, the
 * one that wrote last first; `count` tries have been to all. Connecting throws NotThere.
 */
export function writerOf(url: string) {
  const { urls, mustWrite } = serversOf(url);
  let current = 0;

  class Writer extends pg.Client {
    readonly #tried = current;
    #readsOnly = false;

    constructor(config: pg.ClientConfig = {}) {
      super({ ...config, connectionString: urls[current] ?? urls[0] });
      // A server that goes while nobody listens yet would end the process; `connect`, `query` and `end` tell of it anyway.
      this.on('error', () => undefined);
    }

    override connect(): Promise<this>;
    override connect(callback: Callback): void;
    override connect(callback?: Callback): Promise<this> | undefined {
      const connected = this.#connect();
      if (callback === undefined) return connected;
      connected.then(
        () => callback(null, this),
        (error) => callback(error),
      );
      return undefined;
    }

    async #connect(): Promise<this> {
      // Told by each server as it lets somebody in (since PostgreSQL 14), so that it costs no question.
      const { connection } = this as unknown as { readonly connection: NodeJS.EventEmitter };
      connection.on('parameterStatus', ({ parameterName, parameterValue }: Status) => {
        if (parameterValue === 'on' && /^(in_hot_standby|default_transaction_read_only)$/.test(parameterName))
          this.#readsOnly = true;
      });
      try {
        await super.connect();
      } catch (error) {
        throw urls.length === 1 || isVerdict(error) ? error : this.#moveOn(error);
      }
      if (!mustWrite || !this.#readsOnly) return this;
      await this.end();
      throw this.#moveOn(new Error('this server only reads'));
    }

    /** Others may have moved on from it before. */
    #moveOn(cause: unknown): Error {
      if (current === this.#tried) current = (current + 1) % urls.length;
      return new NotThere(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  }
  return { Writer, count: urls.length };
}

/** A wrong password or name is the same on all; a server that starts, stops or is full is not (57, 53). */
const isVerdict = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code !== undefined && !/^(57|53|08)/.test(error.code);
