import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Calls that a child process answers. Arguments and results travel as structured clones. */
// biome-ignore lint/suspicious/noExplicitAny: parameters are contravariant; each part names its own
export type Calls = Record<string, (...args: any[]) => unknown>;

interface Ask {
  readonly id: number;
  readonly call: string;
  readonly args: readonly unknown[];
}
type Told =
  | { readonly id: number; readonly result?: unknown; readonly error?: string }
  | { readonly event: string; readonly data: unknown };

/** A process of the harness: the network, or the gateway that is killed. Ended by its own pid only; dies with its parent. */
export class Part<C extends Calls> {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Map<string, Set<(data: unknown) => void>>();
  readonly #name: string;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  isGone = false;
  #next = 1;

  /** `log`: file that its output is appended to. */
  constructor(file: string, log: string, env: Readonly<Record<string, string>> = {}) {
    this.#name = file;
    const out = openSync(log, 'a');
    this.#child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', out, out, 'ipc'],
      env: { ...process.env, ...env },
    });
    this.gone = once(this.#child, 'exit').then(() => {
      this.isGone = true;
      const error = new Error(`${file} is gone`);
      for (const { reject } of this.#open.values()) reject(error);
      this.#open.clear();
    });
    this.#child.on('message', (told: Told) => this.#hear(told));
    // A message to a process that was just killed.
    this.#child.on('error', () => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  on<T>(event: string, listener: (data: T) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener as (data: unknown) => void));
    return () => listeners.delete(listener as (data: unknown) => void);
  }

  call<K extends keyof C & string>(call: K, ...args: Parameters<C[K]>): Promise<Awaited<ReturnType<C[K]>>> {
    if (this.isGone) return Promise.reject(new Error(`${this.#name} is gone`));
    const id = this.#next++;
    return new Promise<unknown>((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      const ask: Ask = { id, call, args };
      this.#child.send(ask, (error) => {
        if (error) reject(error);
      });
    }) as Promise<Awaited<ReturnType<C[K]>>>;
  }

  /** SIGKILL: no handler runs, nothing is flushed. */
  async kill(): Promise<void> {
    if (!this.isGone) this.#child.kill('SIGKILL');
    await this.gone;
  }

  #hear(told: Told): void {
    if ('event' in told) {
      for (const listener of [...(this.#listeners.get(told.event) ?? [])]) listener(told.data);
      return;
    }
    const asked = this.#open.get(told.id);
    this.#open.delete(told.id);
    if (told.error === undefined) asked?.resolve(told.result);
    else asked?.reject(new Error(told.error));
  }
}

/** In the child: answers the parent's calls, and ends when the parent is gone. */
export function serve(calls: Calls): void {
  process.on('message', (ask: Ask) => {
    answer(calls, ask).then(
      (told) => send(told),
      (error: unknown) => send({ id: ask.id, error: error instanceof Error ? (error.stack ?? '') : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
  tell('loaded', null);
}

async function answer(calls: Calls, { id, call, args }: Ask): Promise<Told> {
  const answering = calls[call];
  if (!answering) throw new Error(`no such call: ${call}`);
  return { id, result: await answering(...args) };
}

export const tell = (event: string, data: unknown): void => send({ event, data });

function send(told: Told): void {
  // The parent may be gone a moment before `disconnect` says so.
  if (process.connected) process.send?.(told, undefined, undefined, () => undefined);
}
