import { fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a child process can be asked to do: named functions of one argument that survives structured cloning. */
export type Commands = Readonly<Record<string, (argument: never) => unknown>>;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}
type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly problem: string }
  | { readonly ready: true };

/** In the child: answers calls until its parent stops it or is gone, so that no child outlives a bench that was killed. */
export function answerCalls(commands: Commands & { readonly stop: () => Promise<void> }): void {
  const reply = (message: Reply) => void process.send?.(message);
  process.on('message', ({ id, name, argument }: Call) => {
    const command = commands[name] as ((argument: unknown) => unknown) | undefined;
    Promise.try(() => {
      if (command === undefined) throw new Error(`there is no command ${name}`);
      return command(argument);
    }).then(
      (value) => reply({ id, value }),
      (error: unknown) =>
        reply({ id, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.once('disconnect', () => process.exit());
  reply({ ready: true });
}

export interface Child<C extends Commands> {
  readonly pid: number;
  /** Rejects with the child's own words, or when no answer came in `withinMs`. */
  call<N extends keyof C & string>(
    name: N,
    argument?: Parameters<C[N]>[0],
    withinMs?: number,
  ): Promise<Awaited<ReturnType<C[N]>>>;
  stop(): Promise<void>;
}

const ANSWER_MS = 90_000;
const STOP_MS = 20_000;

/** Starts `file` of this folder as a process of its own. What it logs goes to `logDir`, and its end is told when it dies early. */
export async function startChild<C extends Commands>(file: string, logDir: string): Promise<Child<C>> {
  const log = join(logDir, `${file}.${process.hrtime.bigint()}.log`);
  const out = openSync(log, 'a');
  const child = fork(join(import.meta.dirname, file), [], {
    execPath: process.execPath,
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', out, out, 'ipc'],
  });
  closeSync(out);

  const open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  const { promise: ready, resolve: isReady, reject: isBroken } = Promise.withResolvers<void>();
  const { promise: exited, resolve: hasExited } = Promise.withResolvers<void>();
  let last = 0;
  child.on('message', (message: Reply) => {
    if ('ready' in message) return isReady();
    const waiting = open.get(message.id);
    open.delete(message.id);
    if ('problem' in message) waiting?.reject(new Error(`${file}: ${message.problem}`));
    else waiting?.resolve(message.value);
  });
  child.once('exit', (code, signal) => {
    const tail = readFileSync(log, 'utf8').slice(-2000);
    const death = new Error(`${file} ended (${signal ?? code}) while it was needed\n${tail}`);
    isBroken(death);
    for (const { reject } of open.values()) reject(death);
    hasExited();
  });

  function ask(name: string, argument: unknown, withinMs: number): Promise<unknown> {
    const id = ++last;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => reject(new Error(`${file}: ${name} took longer than ${withinMs} ms`)), withinMs);
    open.set(id, { resolve, reject });
    child.send({ id, name, argument } satisfies Call);
    return promise.finally(() => {
      clearTimeout(timer);
      open.delete(id);
    });
  }

  await ready;
  return {
    pid: child.pid ?? 0,
    call: (name, argument, withinMs = ANSWER_MS) => ask(name, argument, withinMs) as never,
    async stop() {
      try {
        if (child.connected) await ask('stop', undefined, STOP_MS);
      } finally {
        if (child.connected) child.disconnect();
        const impatient = setTimeout(() => child.kill('SIGKILL'), 3_000);
        if (child.exitCode === null && child.signalCode === null) await exited;
        clearTimeout(impatient);
      }
    },
  };
}
