import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter } from 'node:path';

const sameKeyPressMs = 500;
const orphanLookMs = 250;

/**
 * Runs a program, passes the signals on, and gives its exit code when it has ended, however long that takes: 128 + the number of the
 * signal that ended it, as shells count.
 *
 * Ctrl-C reaches this process twice, from the terminal and again from npm, which passes on what it gets. The child therefore stands
 * in a process group of its own, out of the terminal's reach, and is told once: a signal that comes again within the same breath is
 * the same key press.
 *
 * `kill` of npm reaches this process not at all where the shell between them dies of it in silence (dash 0.5.12): when npm started
 * this and the parent is gone, that was a SIGTERM.
 */
export function runToTheEnd(program, args, { cwd, stdio, pathFirst = [], env = {} }) {
  const child = spawn(program, args, {
    cwd,
    stdio,
    detached: process.platform !== 'win32',
    // npm is a .cmd file on Windows.
    shell: process.platform === 'win32' && program === 'npm',
    env: { ...process.env, ...env, PATH: [...pathFirst, process.env.PATH].join(delimiter) },
  });
  const lastTold = new Map();
  const tell = (signal) => {
    if (performance.now() - (lastTold.get(signal) ?? Number.NEGATIVE_INFINITY) < sameKeyPressMs) return;
    lastTold.set(signal, performance.now());
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, tell);

  const parent = process.ppid;
  const lookForParent = () => {
    if (process.ppid === parent) return;
    clearInterval(orphanLook);
    if (lastTold.size === 0) tell('SIGTERM');
  };
  const orphanLook =
    process.env.npm_lifecycle_event === undefined ? undefined : setInterval(lookForParent, orphanLookMs);

  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  }).finally(() => {
    clearInterval(orphanLook);
    for (const signal of signals) process.off(signal, tell);
  });
}
