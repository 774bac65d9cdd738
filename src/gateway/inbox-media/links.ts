import { createHmac, timingSafeEqual } from 'node:crypto';

/** Which file a link opens. */
export interface Linked {
  readonly accountId: number;
  readonly deviceId: number;
  readonly inboxId: number;
}

const signatureOf = (key: Uint8Array, text: string) =>
  createHmac('sha256', key).update(`inbox media ${text}`).digest().subarray(0, 18);

/** A word that opens one file until `expiresAt` (Unix ms), for whoever has it: nothing is looked up before its signature is right. */
export function mediaLink(key: Uint8Array, { accountId, deviceId, inboxId }: Linked, expiresAt: number): string {
  const text = [accountId, deviceId, inboxId, Math.ceil(expiresAt / 1000)].map((part) => part.toString(36)).join('.');
  return `${text}.${signatureOf(key, text).toString('base64url')}`;
}

/** What a link opens; undefined when it is forged or its time is over. */
export function readMediaLink(key: Uint8Array, link: string, now: number): Linked | undefined {
  const match = /^((\w{1,11})\.(\w{1,11})\.(\w{1,11})\.(\w{1,11}))\.([\w-]{24})$/.exec(link);
  if (match === null) return undefined;
  const [, text = '', account = '', device = '', inbox = '', expires = '', signature = ''] = match;
  if (!timingSafeEqual(signatureOf(key, text), Buffer.from(signature, 'base64url'))) return undefined;
  const number = (part: string) => Number.parseInt(part, 36);
  if (number(expires) * 1000 < now) return undefined;
  return { accountId: number(account), deviceId: number(device), inboxId: number(inbox) };
}
