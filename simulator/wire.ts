/** A reader for the few protobuf fields of Signal messages that the network looks at without decrypting. */
export type Fields = ReadonlyMap<number, number | Buffer>;

export function readFields(data: Uint8Array): Fields {
  const buffer = Buffer.from(data);
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = buffer[at++];
      if (byte === undefined) throw new Error('protobuf ends early');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < buffer.length) {
    const key = varint();
    const type = key & 7;
    if (type === 0) fields.set(key >> 3, varint());
    else if (type === 2) {
      const length = varint();
      fields.set(key >> 3, buffer.subarray(at, at + length));
      at += length;
    } else throw new Error(`protobuf wire type ${type} is not used by Signal`);
  }
  return fields;
}

export function bytesField(fields: Fields, number: number): Buffer | undefined {
  const value = fields.get(number);
  return typeof value === 'number' ? undefined : value;
}

export function numberField(fields: Fields, number: number): number | undefined {
  const value = fields.get(number);
  return typeof value === 'number' ? value : undefined;
}

export interface PreKeyMessage {
  readonly registrationId: number;
  readonly preKeyId: number | undefined;
  readonly signedPreKeyId: number;
  readonly baseKey: Buffer;
  readonly identityKey: Buffer;
  readonly message: Buffer;
}

export function readPreKeyMessage(ciphertext: Uint8Array): PreKeyMessage {
  const fields = readFields(ciphertext.subarray(1));
  const baseKey = bytesField(fields, 2);
  const identityKey = bytesField(fields, 3);
  const message = bytesField(fields, 4);
  if (!baseKey || !identityKey || !message) throw new Error('not a pre-key message');
  return {
    registrationId: numberField(fields, 5) ?? 0,
    preKeyId: numberField(fields, 1),
    signedPreKeyId: numberField(fields, 6) ?? 0,
    baseKey,
    identityKey,
    message,
  };
}

/** Names the one step of a ratchet that a ciphertext uses up. Two different ciphertexts with one name are a disaster. */
export function ratchetStep(type: string, ciphertext: Uint8Array): { chain: string; step: number } {
  if (type === 'skmsg') {
    const fields = readFields(ciphertext.subarray(1, -64));
    return { chain: `sender:${numberField(fields, 1) ?? 0}`, step: numberField(fields, 2) ?? 0 };
  }
  const inner = type === 'pkmsg' ? readPreKeyMessage(ciphertext).message : ciphertext;
  const fields = readFields(inner.subarray(1, -8));
  return { chain: bytesField(fields, 1)?.toString('base64') ?? '', step: numberField(fields, 2) ?? 0 };
}
