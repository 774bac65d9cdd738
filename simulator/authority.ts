import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { bits, type Der, integer, objectId, octets, sequence, set, tagged, utcTime, utf8, yes } from './der.ts';
import type { Store } from './store.ts';

/**
 * The certificate authority of the media host: nothing global is trusted and no check is ever switched off.
 * The two certificates are written out by hand: @peculiar/x509 would need `reflect-metadata`, a patch of a global.
 */
export interface MediaAuthority {
  /** PEM of the CA, for clients to trust. */
  readonly ca: string;
  /** PEM of the host's own certificate and key. */
  readonly cert: string;
  readonly key: string;
}

/** The authority in the store, made at the first start. */
export function mediaAuthority(store: Store): MediaAuthority {
  const kept = store.all<MediaAuthority>('authority')[0]?.[1];
  if (kept) return kept;
  const caKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const hostKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = name('WAGate simulator media CA');
  const signed = { issuer, signer: caKeys.privateKey };
  const ca = certificate({ ...signed, serial: 1, subject: issuer, key: caKeys.publicKey, extensions: CA_EXTENSIONS });
  const host = { serial: 2, subject: name('localhost'), key: hostKeys.publicKey, extensions: HOST_EXTENSIONS };
  const authority: MediaAuthority = {
    ca,
    cert: certificate({ ...signed, ...host }),
    key: hostKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  store.commit([{ kind: 'authority', id: 'media', value: authority }]);
  return authority;
}

const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'));
const VALIDITY = sequence(utcTime('240101000000Z'), utcTime('440101000000Z'));

function extension(id: string, value: Der, critical = false): Der {
  return sequence(objectId(id), ...(critical ? [yes] : []), octets(value));
}

const CA_EXTENSIONS = [
  extension('2.5.29.19', sequence(yes, integer(0)), true), // basicConstraints: a CA, of leaves only
  extension('2.5.29.15', bits(Buffer.from([0x06]), 1), true), // keyUsage: certificates and revocations
];
const HOST_EXTENSIONS = [
  extension('2.5.29.19', sequence()),
  extension('2.5.29.37', sequence(objectId('1.3.6.1.5.5.7.3.1'))), // extendedKeyUsage: a TLS server
  extension(
    '2.5.29.17', // subjectAltName
    sequence(tagged(0x82, Buffer.from('localhost')), tagged(0x87, Buffer.from([127, 0, 0, 1]))),
  ),
];

function name(common: string): Der {
  return sequence(set(sequence(objectId('2.5.4.3'), utf8(common))));
}

interface CertificateFields {
  readonly serial: number;
  readonly issuer: Der;
  readonly subject: Der;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Der[];
}

function certificate({ serial, issuer, subject, key, signer, extensions }: CertificateFields): string {
  const version3 = tagged(0xa0, integer(2));
  const publicKey = key.export({ type: 'spki', format: 'der' });
  const extras = tagged(0xa3, sequence(...extensions));
  const body = sequence(version3, integer(serial), ECDSA_WITH_SHA256, issuer, VALIDITY, subject, publicKey, extras);
  const whole = sequence(body, ECDSA_WITH_SHA256, bits(sign('sha256', body, signer)));
  const lines = whole.toString('base64').replace(/(.{64})(?=.)/g, '$1\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
