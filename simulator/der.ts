/** The handful of ASN.1 types of which a certificate is made, in DER. */
export type Der = Buffer;

export function tagged(tag: number, ...parts: readonly Uint8Array[]): Der {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

export const sequence = (...parts: Der[]): Der => tagged(0x30, ...parts);
export const set = (...parts: Der[]): Der => tagged(0x31, ...parts);
export const integer = (value: number): Der => tagged(0x02, Buffer.from([value]));
export const yes: Der = tagged(0x01, Buffer.from([0xff]));
export const octets = (value: Uint8Array): Der => tagged(0x04, value);
/** `unused` counts the bits of the last byte that do not belong to the string. */
export const bits = (value: Uint8Array, unused = 0): Der => tagged(0x03, Buffer.from([unused]), value);
export const utf8 = (value: string): Der => tagged(0x0c, Buffer.from(value));
/** `yymmddhhmmssZ`, good until 2049. */
export const utcTime = (value: string): Der => tagged(0x17, Buffer.from(value));

export function objectId(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  return length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
}
