import { proto } from 'baileys';
import { expect, test } from 'vitest';
import { incomingFromJournal } from '../../src/whatsapp/index.ts';

/** A field of length-delimited bytes. */
function field(number: number, bytes: Buffer): Buffer {
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
  return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes]);
}

/** Field `type` of a protocolMessage. */
const MESSAGE_EDIT = Buffer.from([0x10, 14]);

/** An edit of an edit: `protocolMessage` (12) with `editedMessage` (14). */
const edited = (bytes: Buffer): Buffer => field(12, Buffer.concat([MESSAGE_EDIT, field(14, bytes)]));

/**
 * Some thousand levels can be decoded and not encoded again, since a level of encoding needs more of the stack. Thrown out of the journal, such a
 * message came first at each try, and whatever a kill had left behind it in the journal was never told to anybody.
 */
test('a message that is nested deeper than the stack is nobody’s message, and throws nothing', () => {
  const envelope = { whatsappId: 'A', from: '628123@s.whatsapp.net', timestamp: 1, offline: true };
  let bytes: Buffer = Buffer.from(proto.Message.encode({ conversation: 'x' }).finish());
  const isRead = () =>
    incomingFromJournal({ plaintext: Buffer.concat([bytes, Buffer.from([1])]), envelope }, () => false) !== undefined;
  const read: boolean[] = [];
  for (let level = 1; level <= 5_000; level++) {
    bytes = edited(bytes);
    if (level === 5 || (level > 2_500 && level % 100 === 0)) read.push(isRead());
  }
  expect([read.at(0), read.at(-1)]).toEqual([true, false]);
});
