import { makeEventBuffer, proto, type WAMessage } from 'baileys';
import { expect, it } from 'vitest';
import { tapEvents } from '../../src/whatsapp/events.ts';
import type { Receipt } from '../../src/whatsapp/index.ts';
import { quietLogger } from '../../src/whatsapp/quiet.ts';
import { receiptsOfMessages, receiptsOfUpdates } from '../../src/whatsapp/receipts.ts';

const { Status } = proto.WebMessageInfo;
const key = { remoteJid: '628123@s.whatsapp.net', fromMe: true, id: '3EB0AA' };
const own: WAMessage = { key, message: { conversation: 'halo' }, status: Status.SERVER_ACK, messageTimestamp: 1 };
const read = expect.objectContaining({ whatsappId: '3EB0AA', step: 'read' });

/** A message of ours, and at once its receipt: Baileys holds both in its buffer and makes one event of them. */
function quickly(ev: ReturnType<typeof makeEventBuffer>): void {
  ev.buffer();
  ev.emit('messages.upsert', { messages: [{ ...own }], type: 'append' });
  ev.emit('messages.update', [{ key, update: { status: Status.READ } }]);
  ev.flush();
}

it('a receipt that Baileys has folded into its message is found there', () => {
  const ev = makeEventBuffer(quietLogger(undefined));
  const updates: unknown[] = [];
  const found: Receipt[] = [];
  ev.on('messages.update', (update) => updates.push(update));
  ev.on('messages.upsert', ({ messages }) => found.push(...receiptsOfMessages(messages, 7)));
  quickly(ev);
  // The reason for looking there: as an update it is never told.
  expect(updates).toEqual([]);
  expect(found).toEqual([read]);
});

it('a receipt is heard before Baileys can fold it', () => {
  const ev = makeEventBuffer(quietLogger(undefined));
  const heard: Receipt[] = [];
  tapEvents(
    { ev },
    {
      'messages.upsert': ({ messages }) => heard.push(...receiptsOfMessages(messages, 7)),
      'messages.update': (updates) => heard.push(...receiptsOfUpdates(updates, 7)),
    },
    (error) => {
      throw error;
    },
  );
  quickly(ev);
  expect(heard).toEqual([read]);
});
