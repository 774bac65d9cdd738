import type { Store } from '../../store/index.ts';
import type { Calls } from './calls.ts';
import type { Nodes } from './nodes.ts';

/** Where what concerns a device is done: at the node that keeps it. */
export interface Placing {
  /**
   * The service as this node's surfaces may use it: each of these calls goes to the node that keeps the device it is about, and every
   * other one is done here. `idle`: a device that nobody keeps is served by a node that could keep it.
   */
  at<S extends object, K extends keyof S & string>(
    name: string,
    service: S,
    about: { readonly [N in K]: S[N] extends (...args: infer A) => Promise<unknown> ? (...args: A) => number : never },
    idle?: 'anyone' | 'here',
  ): S;
}

/** Nobody else is there. */
export const alone: Placing = { at: (_name, service) => service };

export function createPlacing({
  store,
  nodes,
  calls,
  holds,
}: {
  readonly store: Pick<Store, 'leases'>;
  readonly nodes: Nodes;
  readonly calls: Calls;
  /** This node keeps the device. */
  readonly holds: (deviceId: number) => boolean;
}): Placing {
  /** Undefined: here. */
  async function nodeOf(deviceId: number, idle: 'anyone' | 'here'): Promise<string | undefined> {
    if (holds(deviceId)) return undefined;
    const holder = await store.leases.holder(deviceId);
    if (holder !== undefined) return holder === nodes.name || !nodes.isAlive(holder) ? undefined : holder;
    if (idle === 'here' || nodes.role !== 'api') return undefined;
    const [least] = [...nodes.keepers()].sort((a, b) => a.devices - b.devices);
    return least?.name;
  }

  return {
    at(name, service, about, idle = 'here') {
      const placed: Record<string, unknown> = { ...(service as Record<string, unknown>) };
      for (const [method, deviceOf] of Object.entries<(...args: never[]) => number>(about)) {
        const here = (service as Record<string, (...args: never[]) => Promise<unknown>>)[method];
        if (here === undefined) throw new Error(`${name} has no ${method}`);
        calls.answerTo(`${name}.${method}`, here);
        placed[method] = async (...args: never[]) => {
          const node = await nodeOf(deviceOf(...args), idle);
          return node === undefined ? here(...args) : calls.ask(node, `${name}.${method}`, args);
        };
      }
      return placed as typeof service;
    },
  };
}
