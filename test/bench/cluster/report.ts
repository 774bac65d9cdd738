import { number, table } from '../report.ts';
import { percentile } from '../statistics.ts';
import type { Fenced } from './fence.ts';
import { type Compared, type Cpu, eachCpu, PARTIES } from './rounds.ts';

const cpuCells = (cpu: Cpu, digits: number): string[] =>
  PARTIES.map((party) => (Number.isFinite(cpu[party]) ? number(cpu[party] ?? 0, digits) : '–'));

export const tellRest = (rest: Cpu): string =>
  table(
    ['CPU at rest, ms a second', 'a node', 'database', 'network', 'customers'],
    [
      [
        '',
        ...cpuCells(
          eachCpu(rest, (value) => value * 1000),
          1,
        ),
      ],
    ],
  );

export const tellThroughput = (first: string, sides: readonly Compared[]): string =>
  table(
    [first, 'sends/s', 'ratio', 'p50 ms', 'p99 ms', 'of'],
    sides.map(({ title, perSecond, ratio, rounds }) => {
      const all = rounds.flatMap(({ latencies }) => latencies);
      const [p50, p99] = [percentile(all, 0.5), percentile(all, 0.99)];
      return [title, number(perSecond, 0), number(ratio), number(p50, 1), number(p99, 1), String(all.length)];
    }),
  );

export const tellCosts = (sides: readonly Compared[]): string =>
  table(
    ['CPU ms/message', ...PARTIES, 'nodes, ratio', 'database, ratio', 'commits/message', 'KB of log/message'],
    sides.map(({ title, cpu, cpuRatio, commits, walBytes }) => [
      title,
      ...cpuCells(cpu, 2),
      number(cpuRatio.nodes),
      number(cpuRatio.database ?? Number.NaN),
      number(commits, 1),
      number(walBytes / 1000, 1),
    ]),
  );

export const tellFence = (found: readonly Fenced[]): string =>
  table(
    [
      'the fence, of durable writes/s',
      'with',
      'without',
      'ratio',
      'database CPU ms',
      'without',
      'ratio',
      'p50 ms',
      'without',
      'of',
    ],
    found.map(({ what, perSecond, cpu, p50, of }) => [
      what,
      number(perSecond.fenced, 0),
      number(perSecond.unfenced, 0),
      number(perSecond.ratio),
      number(cpu.fenced, 3),
      number(cpu.unfenced, 3),
      number(cpu.ratio),
      number(p50.fenced),
      number(p50.unfenced),
      String(of),
    ]),
  );
