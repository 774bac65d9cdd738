import { execFileSync, spawn } from 'node:child_process';
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
  const { url, stop } = await startCluster(bin);
  project.provide('postgresUrl', url);
  return stop;
}

/** Where the programs of a PostgreSQL are on this machine. */
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

/** `folder`: one that a stopped cluster left behind starts again, with what it held. */
export async function startCluster(
  bin: string,
  folder = mkdtempSync(join(tmpdir(), 'wagate-pg-')),
): Promise<{ url: string; folder: string; halt: () => Promise<void>; stop: () => Promise<void> }> {
  const as = identity(folder);
  const data = join(folder, 'data');
  const quiet = { ...as, cwd: folder, stdio: 'ignore' } as const;
  if (!existsSync(data))
    execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'], quiet);
  // The tests prove what the gateway does, not what PostgreSQL's disk does: no fsync.
  const settings = ['fsync=off', 'synchronous_commit=off', 'listen_addresses=', 'max_connections=200'];
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-k', folder, ...settings.flatMap((setting) => ['-c', setting])],
    quiet,
  );
  const exited = once(server, 'exit');
  const url = `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`;
  await Promise.race([
    answering(url),
    exited.then(([code]) => Promise.reject(new Error(`PostgreSQL ended with ${code} while starting`))),
  ]);
  const halt = async () => {
    server.kill('SIGINT');
    await exited;
  };
  return {
    url,
    folder,
    halt,
    async stop() {
      await halt();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root: there it runs as the system's user `postgres`. */
function identity(folder: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (kind: string) => Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
  const as = { uid: id('-u'), gid: id('-g') };
  chownSync(folder, as.uid, as.gid);
  return as;
}

async function answering(url: string): Promise<void> {
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
