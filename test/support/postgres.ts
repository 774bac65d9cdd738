import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A server that tests may make databases on; undefined: there is none on this machine. */
    postgresUrl: string | undefined;
  }
}

/**
 * PostgreSQL for the run (vitest `globalSetup`): the server of TEST_DATABASE_URL, else a temporary cluster of the binaries found
 * on this machine, on a Unix socket in a temporary folder, else none, and the tests that want one say that they are skipped.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  const bin = given === undefined ? binaries() : undefined;
  if (bin === undefined) {
    project.provide('postgresUrl', given);
    if (given === undefined)
      console.warn('SKIPPED: PostgreSQL tests. Set TEST_DATABASE_URL, or install PostgreSQL 15 or newer.');
    return async () => undefined;
  }
  const { url, stop } = await startPostgres(bin);
  project.provide('postgresUrl', url);
  return stop;
}

/** Where this machine has PostgreSQL's programs. */
export function binaries(): string | undefined {
  const versions = '/usr/lib/postgresql';
  const packaged = existsSync(versions)
    ? readdirSync(versions)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(versions, version, 'bin'))
    : [];
  return [...packaged, ...(process.env.PATH ?? '').split(delimiter)].find(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  );
}

export interface Postgres {
  readonly url: string;
  readonly direct: () => string;
  /** Of its first process, whose children do the work. */
  pid(): number | undefined;
  /** As after a failure of the process: nothing is said goodbye to, and the log is replayed. */
  crash(): Promise<void>;
  /** Ends in good order; `start` brings it back with what it held. */
  halt(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A server of its own, on a Unix socket in a temporary folder. `settings`: as `postgres -c` takes them. */
export async function startPostgres(bin: string, settings: readonly string[] = UNSAFE): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'wagate-pg-'));
  const as = identity(folder);
  const data = join(folder, 'data');
  const quiet = { ...as, cwd: folder, stdio: 'ignore' } as const;
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'], quiet);
  const url = `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`;
  let server: ChildProcess | undefined;
  let exited: Promise<unknown> = Promise.resolve();

  async function start(): Promise<void> {
    const all = ['listen_addresses=', 'max_connections=200', ...settings];
    const args = ['-D', data, '-k', folder, ...all.flatMap((setting) => ['-c', setting])];
    server = spawn(join(bin, 'postgres'), args, quiet);
    const ended = once(server, 'exit');
    exited = ended;
    await Promise.race([
      answering(url),
      ended.then(([code]) => Promise.reject(new Error(`PostgreSQL ended with ${code} while starting`))),
    ]);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    server?.kill(signal);
    await exited;
  }

  await start();
  return {
    url,
    direct: () => url,
    pid: () => server?.pid,
    start,
    halt: () => end('SIGINT'),
    crash: () => end('SIGQUIT'),
    async stop() {
      await end('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Most tests prove what the gateway does, not what PostgreSQL's disk does. */
const UNSAFE = ['fsync=off', 'synchronous_commit=off'];

/** PostgreSQL refuses to run as root: there it runs as the system's user `postgres`. */
export function identity(folder: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (kind: string) => Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
  const as = { uid: id('-u'), gid: id('-g') };
  chownSync(folder, as.uid, as.gid);
  return as;
}

export async function answering(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client(url);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (tries === 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
