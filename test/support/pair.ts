import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './port.ts';
import { answering, identity } from './postgres.ts';
import { family } from './proc.ts';

/** A PostgreSQL that writes and one that follows it synchronously, on two ports of this machine that stay the same. */
export interface Pair {
  /** Both, as a node is told them. */
  readonly url: string;
  /** The one that writes now. */
  readonly direct: () => string;
  readonly follower: () => string;
  /**
   * The one that writes dies with all its processes, or falls silent and keeps its connections; the other one is promoted. Nobody follows
   * it then.
   */
  failOver(how: 'dies' | 'hangs'): Promise<void>;
  /** A new follower takes the place of the dead one; resolves when it is synchronous. */
  rebuild(): Promise<void>;
  /** The follower falls silent (SIGSTOP), and goes on. */
  freezeFollower(): void;
  thawFollower(): void;
  stop(): Promise<void>;
}

interface Member {
  readonly name: 'one' | 'two';
  readonly port: number;
  server?: ChildProcess;
}

const COMMON = ['fsync=off', 'max_connections=200', 'listen_addresses=127.0.0.1', 'log_min_messages=warning'];
const SYNCHRONOUS_MS = 60_000;

export async function startPair(bin: string): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), 'wagate-pair-'));
  const as = identity(folder);
  const members: readonly [Member, Member] = [
    { name: 'one', port: await freePort() },
    { name: 'two', port: await freePort() },
  ];
  let [writer, follower]: readonly [Member, Member] = members;
  const url = ({ port }: Member) => `postgres://postgres@127.0.0.1:${port}/postgres`;
  const data = ({ name }: Member) => join(folder, name);
  // Nobody waits for it who writes meanwhile: the load of a test goes on.
  async function run(program: string, ...args: string[]): Promise<void> {
    const child = spawn(join(bin, program), args, { ...as, cwd: folder, stdio: 'ignore', timeout: 60_000 });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`${program} ended with ${code}`);
  }

  async function start(member: Member): Promise<void> {
    const settings = [...COMMON, `port=${member.port}`, `unix_socket_directories=${folder}`];
    const args = ['-D', data(member), ...settings.flatMap((setting) => ['-c', setting])];
    const server = spawn(join(bin, 'postgres'), args, { ...as, cwd: folder, stdio: 'ignore' });
    member.server = server;
    await Promise.race([
      answering(url(member)),
      once(server, 'exit').then(([code]) => Promise.reject(new Error(`PostgreSQL ended with ${code} while starting`))),
    ]);
  }

  async function ask(member: Member, statement: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client(url(member));
    await client.connect();
    return client
      .query(statement)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  }

  /** As the power goes: nobody of it says anything any more. */
  async function kill({ server }: Member): Promise<void> {
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    const all = family(server.pid).map(({ pid }) => pid);
    // First none of them can notice that another one has gone.
    for (const name of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of [server.pid, ...all]) tell(pid, name);
    await gone;
  }

  /** From a copy of the one that writes; no commit is answered any more that it has not. */
  async function follow(): Promise<void> {
    await kill(follower);
    rmSync(data(follower), { recursive: true, force: true });
    const from = `host=${folder} port=${writer.port} user=postgres application_name=${follower.name}`;
    await run('pg_basebackup', '-D', data(follower), '-d', from, '-R', '-X', 'stream', '-c', 'fast', '--no-sync');
    const settings = join(data(follower), 'postgresql.auto.conf');
    const copied = readFileSync(settings, 'utf8').split('\n');
    // It would wait for its own follower, which it does not have.
    writeFileSync(settings, copied.filter((line) => !line.startsWith('synchronous_standby_names')).join('\n'));
    appendFileSync(settings, `\nprimary_conninfo = '${from}'\n`);
    await start(follower);
    // Before it streams, a commit would wait for it: it tries again every five seconds only.
    await untilTold("select 1 from pg_stat_replication where state = 'streaming'");
    await ask(writer, `alter system set synchronous_standby_names = 'FIRST 1 (${follower.name})'`);
    await ask(writer, 'select pg_reload_conf()');
    await untilTold("select 1 from pg_stat_replication where sync_state = 'sync'");
  }

  async function untilTold(question: string): Promise<void> {
    const deadline = performance.now() + SYNCHRONOUS_MS;
    while ((await ask(writer, question)).length === 0) {
      if (performance.now() > deadline) throw new Error(`waited in vain for ${question}`);
      await pause(50);
    }
  }

  const signal = ({ server }: Member, name: NodeJS.Signals) => {
    if (server?.pid !== undefined) for (const { pid } of family(server.pid)) tell(pid, name);
  };

  async function stop(): Promise<void> {
    await Promise.all(members.map(kill));
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    await run('initdb', '-D', data(writer), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync');
    await start(writer);
    await follow();
  } catch (error) {
    await stop();
    throw error;
  }
  const [one, two] = members.map(({ port }) => `127.0.0.1:${port}`);
  return {
    url: `postgres://postgres@${one},${two}/postgres?target_session_attrs=read-write`,
    direct: () => url(writer),
    follower: () => url(follower),
    async failOver(how) {
      if (how === 'dies') await kill(writer);
      else signal(writer, 'SIGSTOP');
      await run('pg_ctl', 'promote', '-D', data(follower), '-w', '-t', '60');
      [writer, follower] = [follower, writer];
    },
    rebuild: follow,
    freezeFollower: () => signal(follower, 'SIGSTOP'),
    thawFollower: () => signal(follower, 'SIGCONT'),
    stop,
  };
}

/** A process may end by itself a moment before. */
function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
