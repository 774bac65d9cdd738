import type { EventName, Events } from '../../base/events.ts';

/**
 * What nodes tell each other: events of the gateway, and rings of the nodes' own. On the wire each is a list, `[number, …fields]`, by the
 * order of this table: a new one goes to the end, so that nodes of two versions understand each other while they are exchanged.
 */
export interface Rings extends Events {
  /** A device was enabled, disabled, suspended or made: whoever may keep it looks. */
  'fleet.look': { readonly deviceId: number };
  /** A device was given up and can be taken at once. */
  'fleet.free': { readonly deviceId: number };
  /** Its settings have changed: its owner reads them again. */
  'device.settings': { readonly accountId: number; readonly deviceId: number };
  'call.asked': { readonly node: string; readonly id: string };
  'call.answered': { readonly node: string; readonly id: string };
}
export type RingName = keyof Rings;

const table: readonly { readonly [N in RingName]: readonly [N, readonly (keyof Rings[N])[]] }[RingName][] = [
  ['message.accepted', ['accountId', 'deviceId', 'messageId']],
  ['message.changed', ['accountId', 'deviceId', 'messageId', 'whatsappId', 'state']],
  ['message.received', ['accountId', 'deviceId', 'whatsappId', 'inboxId']],
  ['inbox.changed', ['accountId', 'deviceId', 'inboxId']],
  ['event.recorded', ['accountId', 'deviceId']],
  ['events.followed', ['accountId', 'deviceId']],
  ['webhook.changed', ['accountId', 'deviceId', 'webhookId']],
  ['device.health', ['accountId', 'deviceId']],
  ['people.changed', ['accountId', 'userId']],
  ['device.changed', ['accountId', 'deviceId', 'state']],
  ['fleet.look', ['deviceId']],
  ['fleet.free', ['deviceId']],
  ['device.settings', ['accountId', 'deviceId']],
  ['call.asked', ['node', 'id']],
  ['call.answered', ['node', 'id']],
];

const places = new Map<string, number>(table.map(([name], at) => [name, at]));

/** Every event of the gateway goes to all nodes. */
export const eventNames = table
  .map(([name]) => name)
  .filter(
    (name): name is EventName => !name.startsWith('fleet.') && !name.startsWith('call.') && name !== 'device.settings',
  );

export function encodeRing<N extends RingName>(name: N, ring: Rings[N]): unknown[] {
  const at = places.get(name) ?? -1;
  const fields = table[at]?.[1] ?? [];
  return [at, ...fields.map((field) => (ring as Record<string, unknown>)[field])];
}

/** Undefined for what a newer node tells. */
export function decodeRing(item: unknown): { readonly name: RingName; readonly ring: Rings[RingName] } | undefined {
  if (!Array.isArray(item)) return undefined;
  const [at, ...values] = item as [number, ...unknown[]];
  const row = table[at];
  if (row === undefined) return undefined;
  const [name, fields] = row;
  return { name, ring: Object.fromEntries(fields.map((field, n) => [field, values[n]])) as unknown as Rings[RingName] };
}
