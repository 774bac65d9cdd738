import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const node = `${root}node_modules/.bin/node`;

export interface Program {
  readonly child: ChildProcess;
  /** All lines so far, of both streams. */
  readonly lines: string[];
  /** The first line (already told or to come) that fits; rejects when the program ends before, or after `ms`. */
  line(fits: RegExp, ms?: number): Promise<string>;
  /** Sends the signal and waits for the end; gives the exit code, or the signal that ended it. */
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** One of the project's programs, in a process of its own, with the environment of a test and nothing of ours. */
export function run(script: string, args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const child = spawn(node, [`${root}${script}`, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const watchers = new Set<(line: string) => void>();
  const tell = (line: string) => {
    lines.push(line);
    for (const watcher of [...watchers]) watcher(line);
  };
  const streams = [child.stdout, child.stderr].map((stream) => createInterface({ input: stream }).on('line', tell));
  const drained = Promise.all(streams.map((stream) => new Promise<void>((resolve) => stream.once('close', resolve))));
  const exited = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve(code ?? signal));
    child.once('error', reject);
  });
  const ended = Promise.all([exited, drained]).then(([code]) => code);
  return {
    child,
    lines,
    ended,
    line: (fits, ms = 30_000) =>
      new Promise((resolve, reject) => {
        const told = lines.find((line) => fits.test(line));
        if (told !== undefined) return resolve(told);
        const finish = () => {
          clearTimeout(timer);
          watchers.delete(watcher);
        };
        const watcher = (line: string) => {
          if (!fits.test(line)) return;
          finish();
          resolve(line);
        };
        const timer = setTimeout(() => {
          finish();
          reject(new Error(`waited ${ms} ms for ${fits}; it said:\n${lines.join('\n')}`));
        }, ms);
        watchers.add(watcher);
        ended.then((code) => {
          finish();
          reject(new Error(`ended with ${code} before ${fits}; it said:\n${lines.join('\n')}`));
        }, reject);
      }),
    async end(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
}
