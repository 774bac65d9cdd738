import type { Vault } from '../base/vault.ts';

interface Place {
  readonly account_id: number;
  readonly device_id: number;
}

/** Where a sealed value lives, `tenant|device|type|id`: a value moved to another row does not open. Changing one of these makes stored values unreadable. */
export const about = {
  creds: ({ account_id, device_id }: Place) => `${account_id}|${device_id}|creds|`,
  key: ({ account_id, device_id }: Place, type: string, id: string) => `${account_id}|${device_id}|key:${type}|${id}`,
  journal: ({ account_id, device_id }: Place, hash: Uint8Array) =>
    `${account_id}|${device_id}|journal|${Buffer.from(hash).toString('hex')}`,
  envelope: ({ account_id, device_id }: Place, hash: Uint8Array) =>
    `${account_id}|${device_id}|envelope|${Buffer.from(hash).toString('hex')}`,
  body: ({ account_id, device_id }: Place, whatsappId: string) => `${account_id}|${device_id}|body|${whatsappId}`,
  proto: ({ account_id, device_id }: Place, whatsappId: string) => `${account_id}|${device_id}|proto|${whatsappId}`,
  inbox: ({ account_id, device_id }: Place, sender: string, whatsappId: string) =>
    `${account_id}|${device_id}|inbox|${sender}|${whatsappId}`,
  received: ({ account_id, device_id }: Place, sender: string, whatsappId: string) =>
    `${account_id}|${device_id}|received|${sender}|${whatsappId}`,
  event: ({ account_id, device_id }: Place, uid: string) => `${account_id}|${device_id}|event|${uid}`,
  webhook: ({ account_id, device_id }: Place) => `${account_id}|${device_id}|webhook|`,
  answer: (delivery_id: number) => `delivery ${delivery_id}|answer|`,
  replay: (device_id: number, key: string) => `device ${device_id}|replay|${key}`,
  tokenKey: (version: number) => `master key ${version}|token key`,
  live: (device_id: number) => `device ${device_id}|live|`,
  call: (id: string, part: 'request' | 'answer') => `call ${id}|${part}|`,
  totp: (user_id: number) => `user ${user_id}|totp|`,
};

/** JSON, sealed. */
export const sealJson = (vault: Pick<Vault, 'seal'>, value: unknown, where: string): Buffer =>
  vault.seal(Buffer.from(JSON.stringify(value)), where);

export const openJson = <T>(vault: Pick<Vault, 'open'>, sealed: Uint8Array, where: string): T =>
  JSON.parse(vault.open(sealed, where).toString()) as T;
