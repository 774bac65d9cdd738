import type { Idle } from './idle.ts';
import type { Reading, Share } from './profile.ts';
import type { Result, Round } from './scenarios.ts';
import type { Counted } from './statements.ts';
import { percentile } from './statistics.ts';
import type { BesideTenant } from './tenants.ts';
import type { Beside } from './webhooks.ts';

export const number = (value: number, digits = 2) => value.toFixed(digits);

/** Columns as wide as their widest cell; all but the first to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, at) => Math.max(cell.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ');
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

export const tellComparison = (results: readonly Result[]): string =>
  table(
    ['', 'CPU ms/message', 'plain Baileys', 'ratio', 'messages/s', 'plain Baileys', 'ratio'],
    results.map(({ scenario, cpu, perSecond }) => [
      scenario.title,
      number(cpu.gateway),
      number(cpu.plain),
      number(cpu.ratio),
      number(perSecond.gateway, 0),
      number(perSecond.plain, 0),
      number(perSecond.ratio),
    ]),
  );

/** `rounds` by what they show. */
export const tellLatency = (rounds: readonly (readonly [what: string, rounds: readonly Round[]])[]): string =>
  table(
    ['latency, ms', 'p50', 'p99', 'of'],
    rounds.map(([what, some]) => {
      const all = some.flatMap(({ latencies }) => latencies);
      return [what, number(percentile(all, 0.5), 1), number(percentile(all, 0.99), 1), String(all.length)];
    }),
  );

export const tellBeside = (found: readonly Beside[]): string =>
  table(
    ['a webhook, ms from the sender; beside', 'p50', 'p95', 'ratio of p95', 'of'],
    found.map(({ neighbour, latencies, ratio }) => [
      neighbour === 'nobody' ? 'no other' : `one that ${neighbour}`,
      number(percentile(latencies, 0.5), 1),
      number(percentile(latencies, 0.95), 1),
      number(ratio),
      String(latencies.length),
    ]),
  );

export const tellTenants = (found: readonly BesideTenant[]): string =>
  table(
    ["a tenant, ms to WhatsApp's ack; beside", 'p50', 'p95', 'ratio of p95', 'of', 'answers/s to the other'],
    found.map(({ neighbour, latencies, ratio, answered }) => [
      { nobody: 'no other', refused: 'one that is refused', busy: 'one that is served' }[neighbour],
      number(percentile(latencies, 0.5), 1),
      number(percentile(latencies, 0.95), 1),
      number(ratio),
      String(latencies.length),
      number(answered, 0),
    ]),
  );

export const tellIdle = (found: readonly Idle[]): string =>
  table(
    ['idle devices', 'RSS MiB', 'heap MiB', 'idle CPU %', 'all connected after s'],
    found.map(({ devices, rss, heap, cpuShare, startSeconds }) => [
      String(devices),
      number(rss, 0),
      number(heap, 0),
      number(cpuShare * 100, 1),
      number(startSeconds, 1),
    ]),
  );

export function tellProfile({ totalMs, groups, functions, onBehalf }: Reading, messages: number): string {
  const shares = (title: string, some: readonly Share[], most: number) =>
    table(
      [title, 'ms/message', '%'],
      some
        .slice(0, most)
        .map(({ name, ms }) => [name.slice(0, 100), number(ms / messages, 3), number((100 * ms) / totalMs, 1)]),
    );
  return [
    `${number(totalMs / messages)} ms a message on the main thread, with the profiler's own cost`,
    shares('self time, by room and package', groups, 24),
    shares('self time, by function', functions, 40),
    shares('with all it uses, by function of ours or Baileys', onBehalf, 50),
  ].join('\n\n');
}

export const tellStatements = (counted: readonly Counted[], messages: number): string =>
  table(
    ['what SQLite and the disk are asked, warm', 'a message', 'ms/message'],
    counted
      .filter(({ calls }) => calls >= messages / 20)
      .map(({ text, calls, ms }) => [
        text.length > 150 ? `${text.slice(0, 100)} … ${text.slice(-47)}` : text,
        number(calls / messages),
        number(ms / messages, 3),
      ]),
  );
