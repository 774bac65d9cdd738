/** Reads a V8 CPU profile: where the time of a process went, by room of ours, by package, by function. */

interface Frame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}
interface Node {
  readonly id: number;
  readonly callFrame: Frame;
  readonly children?: readonly number[];
}
interface Profile {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface Share {
  readonly name: string;
  /** Milliseconds. */
  readonly ms: number;
}

export interface Reading {
  /** Without idle time. */
  readonly totalMs: number;
  /** Self time by package or room. */
  readonly groups: readonly Share[];
  /** Self time by function. */
  readonly functions: readonly Share[];
  /** By the nearest caller that is a file of ours or of Baileys: what each of them costs with all that it uses. */
  readonly onBehalf: readonly Share[];
}

const SQLITE = new Set(['all', 'run', 'get', 'exec', 'prepare', 'columns']);
const asleep = new Set(['(idle)', '(root)']);

/** The part of a path from the project's root, or from `node_modules/`. */
const short = (url: string): string =>
  url.replace(/^.*\/node_modules\//, '').replace(/^.*\/(src|simulator|test)\//, '$1/');

function groupOf({ functionName, url }: Frame, parent: string | undefined, parentUrl: string): string {
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (functionName === '(program)') return 'outside JavaScript (native, system calls)';
  if (url.startsWith('wasm:')) return 'bridge wasm';
  const inPackages = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (inPackages !== undefined) return inPackages === 'whatsapp-rust-bridge' ? 'bridge glue' : inPackages;
  const room = /\/(src\/[^/]+(?=\/)|src(?=\/[^/]+$)|test\/bench)/.exec(url)?.[1];
  if (room === 'src/whatsapp') return url.includes('/signal/') ? 'src/whatsapp/signal' : room;
  if (room !== undefined) return room;
  const internal = /^node:(?:internal\/)?([\w]+)/.exec(url)?.[1];
  if (internal !== undefined) return `node:${internal}`;
  // A function of C++ has no address; it belongs to whoever called it.
  if (SQLITE.has(functionName) && parentUrl.includes('/store/')) return 'node:sqlite';
  return parent ?? 'other';
}

export function readProfile(json: string): Reading {
  const { nodes, samples, timeDeltas } = JSON.parse(json) as Profile;
  const parents = new Map<number, Node>();
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node);
  const groupsById = new Map<number, string>();
  const actors = new Map<number, string>();
  // A parent comes before its children.
  for (const node of nodes) {
    const parent = parents.get(node.id);
    const { callFrame } = node;
    const above = parent === undefined ? undefined : groupsById.get(parent.id);
    groupsById.set(node.id, groupOf(callFrame, above, parent?.callFrame.url ?? ''));
    const isActor = /\/src\/|\/node_modules\/(baileys|fastify)\//.test(callFrame.url);
    const inherited = parent === undefined ? undefined : actors.get(parent.id);
    actors.set(
      node.id,
      isActor
        ? `${short(callFrame.url)} ${callFrame.functionName || 'anonymous'}:${callFrame.lineNumber + 1}`
        : (inherited ?? `(no caller) ${groupsById.get(node.id) ?? ''}`),
    );
  }

  const byId = new Map(nodes.map((node) => [node.id, node]));
  const groups = new Map<string, number>();
  const functions = new Map<string, number>();
  const onBehalf = new Map<string, number>();
  const add = (to: Map<string, number>, name: string, ms: number) => to.set(name, (to.get(name) ?? 0) + ms);
  let totalMs = 0;
  samples.forEach((id, at) => {
    const frame = byId.get(id)?.callFrame;
    if (frame === undefined || asleep.has(frame.functionName)) return;
    const ms = (timeDeltas[at] ?? 0) / 1000;
    const group = groupsById.get(id) ?? '';
    totalMs += ms;
    add(groups, group, ms);
    add(
      functions,
      `${group}  ${frame.functionName || 'anonymous'} ${frame.url ? `${short(frame.url)}:${frame.lineNumber + 1}` : ''}`,
      ms,
    );
    add(onBehalf, actors.get(id) ?? '', ms);
  });
  const sorted = (map: Map<string, number>) => [...map].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms);
  return { totalMs, groups: sorted(groups), functions: sorted(functions), onBehalf: sorted(onBehalf) };
}
