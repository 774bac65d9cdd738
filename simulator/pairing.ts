import { randomBytes } from 'node:crypto';
import type { proto } from 'baileys';
import type { Timers } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Account, Device, Directory, PublicKeys } from './directory.ts';
import type { Faults } from './faults.ts';
import { streamError } from './goodbye.ts';
import { SERVER_JID, toNumber } from './jid.ts';
import { agree, type KeyPair, newKeyPair } from './keys.ts';
import { codeSecret, deviceIdentity, openKeyBundle, parseQr, unwrapKey, wrapKey } from './pairing-crypto.ts';
import { child, fromBigEndian, needBytes, type Stanza, stanza } from './stanza.ts';
import { Expected } from './waiting.ts';

const REFS = 6;

/** A client that shows QR codes and waits to become somebody's device. */
interface Candidate {
  readonly connection: Connection;
  readonly noiseKey: Buffer;
  readonly keys: PublicKeys;
  readonly refs: string[];
  code?: CodeRequest;
  /** Settles the scan once the client has signed, or fails it when the line breaks. */
  pending?: { device: Omit<Device, 'address'>; resolve: (device: Device) => void; reject: (error: Error) => void };
}

interface CodeRequest {
  readonly number: string;
  readonly ref: Buffer;
  readonly wrappedEphemeral: Buffer;
  /** The phone's answer, while it waits for the companion's bundle. */
  answer?: { readonly ephemeral: KeyPair; readonly shared: Buffer; readonly reject: (error: Error) => void };
}

export interface PairingParts {
  readonly directory: Directory;
  readonly faults: Pick<Faults, 'strike'>;
  readonly timers: Timers;
  /** The phone's identity key. */
  readonly identityOf: (number: string) => KeyPair;
  readonly paired: (device: Device) => void;
}

/** Linking a client to an account, by QR and by code: the server's part and the phone's. */
export class Pairing {
  readonly #parts: PairingParts;
  readonly #candidates = new Map<Connection, Candidate>();
  readonly #codeRequests = new Expected<Candidate>('a client that asks for a pairing code', 100);

  constructor(parts: PairingParts) {
    this.#parts = parts;
  }

  /** A client without an account has connected: give it something to show. */
  offer(connection: Connection, noiseKey: Buffer, data: proto.ClientPayload.IDevicePairingRegistrationData): void {
    const keys = publicKeys(data);
    const length = this.#parts.faults.strike('codes')?.count ?? REFS;
    const refs = Array.from({ length }, () => `2@${randomBytes(48).toString('base64')}`);
    connection.stage = 'pairing';
    this.#candidates.set(connection, { connection, noiseKey, keys, refs });
    const nodes = refs.map((ref) => stanza('ref', {}, Buffer.from(ref)));
    const attributes = { from: SERVER_JID, type: 'set', id: randomId(), xmlns: 'md' };
    connection.send(stanza('iq', attributes, [stanza('pair-device', {}, nodes)]));
  }

  /** The phone scans. Settles when the client is linked; it then reconnects to log in. */
  scan(account: Account, qr: string): Promise<Device> {
    const { ref, identity, advSecret } = parseQr(qr);
    const candidate = [...this.#candidates.values()].find((one) => one.refs.includes(ref));
    if (!candidate)
      return Promise.reject(
        new Error('no connected client shows this QR code: it has expired or is of another network'),
      );
    if (!candidate.keys.identity.equals(identity))
      return Promise.reject(new Error('the QR code names another identity key'));
    return this.#link(candidate, account, advSecret);
  }

  /** The phone types in the code that the client shows; waits for the client's request when it is not there yet. */
  async enterCode(account: Account, code: string, timeoutMs = 10_000): Promise<Device> {
    const asks = (one: Candidate) => one.code?.number === account.number && one.connection.isLive;
    const candidate =
      [...this.#candidates.values()].find(asks) ?? (await this.#codeRequests.next(timeoutMs, asks, account.number));
    const request = candidate.code;
    if (!request) throw new Error('the client has asked for no code');
    const ephemeral = newKeyPair();
    const shared = agree(ephemeral.private, unwrapKey(code, request.wrappedEphemeral));
    const linked = new Promise<Device>((resolve, reject) => {
      request.answer = { ephemeral, shared, reject };
      candidate.pending = { device: this.#newDevice(candidate, account), resolve, reject };
    });
    const hello = stanza('link_code_companion_reg', { stage: 'primary_hello' }, [
      stanza('link_code_pairing_wrapped_primary_ephemeral_pub', {}, wrapKey(code, ephemeral.public)),
      stanza('primary_identity_pub', {}, this.#parts.identityOf(account.number).public),
      stanza('link_code_pairing_ref', {}, request.ref),
    ]);
    const attributes = {
      from: SERVER_JID,
      type: 'link_code_companion_reg',
      id: randomId(),
      t: this.#parts.timers.seconds(),
    };
    candidate.connection.send(stanza('notification', attributes, [hello]));
    return linked;
  }

  /** What a pairing client sends. Gives whether it was about pairing. */
  take(connection: Connection, node: Stanza): boolean {
    const candidate = this.#candidates.get(connection);
    if (!candidate) return false;
    if (node.tag !== 'iq') return true;
    const link = child(node, 'link_code_companion_reg');
    // A client that shows codes pings too, and hangs up where nobody answers.
    if (node.attrs.xmlns === 'w:p') candidate.connection.send(answerTo(node));
    else if (link?.attrs.stage === 'companion_hello') this.#companionHello(candidate, node, link);
    else if (link?.attrs.stage === 'companion_finish') this.#companionFinish(candidate, node, link);
    else if (child(node, 'pair-device-sign')) this.#signed(candidate);
    return true;
  }

  closed(connection: Connection): void {
    const candidate = this.#candidates.get(connection);
    this.#candidates.delete(connection);
    candidate?.pending?.reject(new Error('the client hung up before it was linked'));
  }

  stop(): void {
    this.#codeRequests.stop();
  }

  #companionHello(candidate: Candidate, node: Stanza, link: Stanza): void {
    const wrappedEphemeral = needBytes(child(link, 'link_code_pairing_wrapped_companion_ephemeral_pub'), 'wrapped key');
    const ref = randomBytes(16);
    candidate.code = { number: toNumber(link.attrs.jid ?? ''), ref, wrappedEphemeral };
    const answer = stanza('link_code_companion_reg', { stage: 'companion_hello' }, [
      stanza('link_code_pairing_ref', {}, ref),
    ]);
    candidate.connection.send(answerTo(node, [answer]));
    this.#codeRequests.put(candidate);
  }

  #companionFinish(candidate: Candidate, node: Stanza, link: Stanza): void {
    candidate.connection.send(answerTo(node));
    const request = candidate.code;
    if (!request?.answer || !candidate.pending) return;
    const { shared, reject } = request.answer;
    const account = this.#parts.directory.needAccount(request.number);
    const phone = this.#parts.identityOf(account.number);
    try {
      const bundle = openKeyBundle(
        needBytes(child(link, 'link_code_pairing_wrapped_key_bundle'), 'key bundle'),
        shared,
      );
      this.#sendSuccess(candidate, account, codeSecret(shared, phone, bundle), candidate.pending.device);
    } catch (error) {
      delete request.answer;
      delete candidate.pending;
      reject(new Error('wrong pairing code', { cause: error }));
    }
  }

  #link(candidate: Candidate, account: Account, advSecret: Buffer): Promise<Device> {
    return new Promise((resolve, reject) => {
      const device = this.#newDevice(candidate, account);
      candidate.pending = { device, resolve, reject };
      this.#sendSuccess(candidate, account, advSecret, device);
    });
  }

  #newDevice(candidate: Candidate, account: Account): Omit<Device, 'address'> {
    const id = this.#parts.directory.takeDeviceId(account);
    return { number: account.number, id, kind: 'client', keys: candidate.keys, noiseKey: candidate.noiseKey };
  }

  #sendSuccess(candidate: Candidate, account: Account, advSecret: Buffer, device: Omit<Device, 'address'>): void {
    const { directory, timers } = this.#parts;
    const phone = this.#parts.identityOf(account.number);
    const t = timers.seconds();
    const identity = deviceIdentity(phone, candidate.keys.identity, advSecret, device.id, t);
    const jids = { jid: directory.jid(account, 'pn', device.id), lid: directory.jid(account, 'lid', device.id) };
    const content = [
      stanza('device-identity', {}, identity),
      ...(account.business ? [stanza('biz', { name: account.name })] : []),
      stanza('device', jids),
      stanza('platform', { name: account.business ? 'smba' : 'android' }),
    ];
    const attributes = { from: SERVER_JID, type: 'set', id: randomId(), xmlns: 'md', t };
    candidate.connection.send(stanza('iq', attributes, [stanza('pair-success', {}, content)]));
  }

  #signed(candidate: Candidate): void {
    const { pending, connection } = candidate;
    if (!pending) return;
    delete candidate.pending;
    const device = this.#parts.directory.addDevice(pending.device);
    this.#parts.paired(device);
    connection.end(streamError(515));
    pending.resolve(device);
  }
}

function publicKeys(data: proto.ClientPayload.IDevicePairingRegistrationData): PublicKeys {
  const { eRegid, eIdent, eSkeyId, eSkeyVal, eSkeySig } = data;
  if (!eRegid || !eIdent || !eSkeyId || !eSkeyVal || !eSkeySig) throw new Error('registration without keys');
  return {
    registrationId: fromBigEndian(eRegid),
    identity: Buffer.from(eIdent),
    signed: { id: fromBigEndian(eSkeyId), key: Buffer.from(eSkeyVal), signature: Buffer.from(eSkeySig) },
  };
}

/** Ids of the server's own queries: no client may guess or repeat them. */
export function randomId(): string {
  return String(randomBytes(6).readUIntBE(0, 6));
}

const answerTo = (node: Stanza, content?: Stanza[]): Stanza =>
  stanza('iq', { type: 'result', id: node.attrs.id, from: SERVER_JID }, content);
