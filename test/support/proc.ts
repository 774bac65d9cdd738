import { readdirSync, readFileSync } from 'node:fs';

/** What Linux tells of a process (proc(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** CPU ms of it, and of its children that have ended. */
  readonly cpu: number;
  readonly cpuOfEnded: number;
}

/** Clock ticks are a hundredth of a second on all machines that Node runs on. */
const MS_A_TICK = 10;

function statOf(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name, which may hold blanks.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [1, 11, 12, 13, 14].map((at) =>
      Number(fields[at]),
    );
    return { pid, parent, cpu: (user + system) * MS_A_TICK, cpuOfEnded: (endedUser + endedSystem) * MS_A_TICK };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/** A process and its children. Empty where there is no /proc. */
export function family(pid: number): ProcessStat[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? [])
    .filter((one) => one.pid === pid || one.parent === pid);
}
