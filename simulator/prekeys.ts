import type { Bundle, Device, Directory } from './directory.ts';
import type { Faults } from './faults.ts';
import { bundleOf } from './signal.ts';
import { bigEndian, child, children, fromBigEndian, needBytes, type Stanza, stanza } from './stanza.ts';
import { ERROR_TEXT } from './usync.ts';

type KeysAnswer = { readonly content: Stanza[] } | { readonly error: number; readonly text: string };
interface Parts {
  readonly directory: Directory;
  readonly faults: Faults;
  /** A client device is running out of one-time keys. */
  readonly lowOnKeys?: (device: Device) => void;
}

/** Bundles for the devices asked about. Each one-time key goes out once. */
export function answerPrekeys(request: Stanza, { directory, faults }: Parts): KeysAnswer {
  const users: Stanza[] = [];
  for (const user of children(request, 'user')) {
    const jid = user.attrs.jid ?? '';
    const device = directory.deviceOf(jid);
    const fault = faults.strike('prekeys', { chat: device?.number });
    if (fault?.whole) return { error: fault.code, text: ERROR_TEXT[fault.code] ?? 'internal-server-error' };
    if (fault) users.push(errorUser(jid, fault.code));
    else if (!device) users.push(errorUser(jid, 404));
    else users.push(bundleNode(jid, bundleOf(device.keys, oneTimeKey(device, directory, faults))));
  }
  return { content: [stanza('list', {}, users)] };
}

/** Takes what a client uploads: one-time keys, and a new signed key. */
export function takePrekeys(iq: Stanza, device: Device, directory: Directory): void {
  const signed = child(iq, 'skey') ?? child(child(iq, 'rotate'), 'skey');
  if (signed) {
    const key = needBytes(child(signed, 'value'), 'signed key');
    const signature = needBytes(child(signed, 'signature'), 'signature');
    device.keys = { ...device.keys, signed: { id: keyId(signed), key, signature } };
    directory.saveDevice(device);
  }
  const keys = children(child(iq, 'list'), 'key');
  directory.addOneTimeKeys(
    device,
    keys.map((key) => ({ id: keyId(key), key: needBytes(child(key, 'value'), 'one-time key') })),
  );
}

function oneTimeKey(device: Device, directory: Directory, faults: Faults) {
  if (faults.strike('no-one-time-keys', { chat: device.number })) return undefined;
  return directory.takeOneTimeKey(device);
}

function bundleNode(jid: string, { registrationId, identity, signed, oneTime }: Bundle): Stanza {
  const id = (value: number) => stanza('id', {}, bigEndian(value, 3));
  const value = (key: Buffer) => stanza('value', {}, key);
  return stanza('user', { jid }, [
    stanza('registration', {}, bigEndian(registrationId, 4)),
    stanza('type', {}, Buffer.from([5])),
    stanza('identity', {}, identity),
    stanza('skey', {}, [id(signed.id), value(signed.key), stanza('signature', {}, signed.signature)]),
    ...(oneTime ? [stanza('key', {}, [id(oneTime.id), value(oneTime.key)])] : []),
  ]);
}

function errorUser(jid: string, code: number): Stanza {
  return stanza('user', { jid }, [stanza('error', { code, text: ERROR_TEXT[code] ?? 'internal-server-error' })]);
}

function keyId(node: Stanza): number {
  return fromBigEndian(needBytes(child(node, 'id'), 'key id'));
}
