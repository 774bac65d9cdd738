import type { DatabaseSync } from 'node:sqlite';
import type { Stanza } from '../../simulator/index.ts';
import { bytesField, numberField, ratchetStep, readFields } from '../../simulator/wire.ts';
import { createVault } from '../../src/base/vault.ts';
import { about } from '../../src/store/seals.ts';

/** A ciphertext of a frame that the network has just read: which step of which ratchet it used up. */
export interface Frame {
  readonly type: string;
  readonly chain: string;
  readonly step: number;
}

export interface RatchetWitness {
  checked: number;
  /** Frames whose step the database did not know as used up: a kill now would use it twice. */
  readonly behind: string[];
  check(frames: readonly Frame[]): void;
}

export function framesOf(node: Stanza): Frame[] {
  if (!Array.isArray(node.content)) return [];
  return node.content.flatMap((child) => {
    if (child.tag !== 'enc' || !(child.content instanceof Uint8Array)) return framesOf(child);
    const type = child.attrs.type ?? '';
    return [{ type, ...ratchetStep(type, child.content) }];
  });
}

/** Reads the gateway's sealed rows through a connection of its own, as a restarted gateway would find them. */
export function watchRatchet(database: DatabaseSync, masterKey: Uint8Array): RatchetWitness {
  const vault = createVault(masterKey);
  const rows = database.prepare(
    `select account_id, device_id, type, key_id, sealed_value from device_key join device on device.id = device_id
     where type in ('session', 'sender-key')`,
  );
  const next = (): Map<string, number> => {
    const steps = new Map<string, number>();
    for (const row of rows.all() as unknown as KeyRow[]) {
      // The first byte names the format of the row (src/whatsapp/signal/record.ts).
      const record = vault.open(row.sealed_value, about.key(row, row.type, row.key_id)).subarray(1);
      for (const [chain, step] of row.type === 'session' ? sendingChain(record) : groupChain(record))
        steps.set(chain, step);
    }
    return steps;
  };
  const behind: string[] = [];
  return {
    checked: 0,
    behind,
    check(frames) {
      const stored = next();
      for (const { type, chain, step } of frames) {
        this.checked += 1;
        const known = stored.get(chain);
        if (known === undefined || known <= step)
          behind.push(`${type} used step ${step}, the database is at ${known ?? 'nothing'}`);
      }
    },
  };
}

interface KeyRow {
  readonly account_id: number;
  readonly device_id: number;
  readonly type: string;
  readonly key_id: string;
  readonly sealed_value: Uint8Array;
}

/** RecordStructure 1 (current session) → SessionStructure 6 (sender chain) → 1 (ratchet key), 3 (chain key) → 1 (index). */
function sendingChain(record: Buffer): [string, number][] {
  const session = bytesField(readFields(record), 1);
  const chain = session && bytesField(readFields(session), 6);
  const fields = chain && readFields(chain);
  const key = fields && bytesField(fields, 1);
  const chainKey = fields && bytesField(fields, 3);
  if (!key || !chainKey) return [];
  return [[key.toString('base64'), numberField(readFields(chainKey), 1) ?? 0]];
}

/** SenderKeyRecordStructure 1 (state) → 1 (id), 2 (chain key) → 1 (iteration). */
function groupChain(record: Buffer): [string, number][] {
  const state = bytesField(readFields(record), 1);
  const fields = state && readFields(state);
  const chainKey = fields && bytesField(fields, 2);
  if (!fields || !chainKey) return [];
  return [[`sender:${numberField(fields, 1) ?? 0}`, numberField(readFields(chainKey), 1) ?? 0]];
}
