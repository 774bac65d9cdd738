import { type BaileysEventMap, type BinaryNode, proto } from 'baileys';
import { bare, isGroup } from './jid.ts';
import type { Receipt } from './link.ts';
import { childrenOf } from './queries.ts';

const { Status } = proto.WebMessageInfo;

/** Below these a status is no receipt: pending, the server's ack (which comes as an `ack` event), an error. */
const steps: ReadonlyMap<unknown, Receipt['step']> = new Map([
  [Status.DELIVERY_ACK, 'delivered'],
  [Status.READ, 'read'],
  [Status.PLAYED, 'played'],
]);

type Key = BaileysEventMap['messages.update'][number]['key'];

function receipt(key: Key, status: unknown, at: unknown, now: number, participant: string | null): Receipt[] {
  const step = steps.get(status);
  // Without fromMe it says that another device of ours has read what somebody wrote.
  if (!step || !key.fromMe || !key.id || !key.remoteJid) return [];
  const seconds = Number(at ?? 0);
  return [
    {
      type: 'receipt',
      whatsappId: key.id,
      chat: bare(key.remoteJid),
      participant,
      step,
      at: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : now,
    },
  ];
}

/** Receipts in chats with one person. */
export const receiptsOfUpdates = (updates: BaileysEventMap['messages.update'], now: number): Receipt[] =>
  updates.flatMap(({ key, update }) => receipt(key, update.status, update.messageTimestamp, now, null));

/** Receipts in groups, one a member. */
export const receiptsOfMembers = (updates: BaileysEventMap['message-receipt.update'], now: number): Receipt[] =>
  updates.flatMap(({ key, receipt: { userJid, readTimestamp, receiptTimestamp, playedTimestamp } }) =>
    receipt(
      key,
      playedTimestamp ? Status.PLAYED : readTimestamp ? Status.READ : Status.DELIVERY_ACK,
      playedTimestamp ?? readTimestamp ?? receiptTimestamp,
      now,
      userJid ? bare(userJid) : null,
    ),
  );

/** A receipt that came while its message was still in Baileys' buffer is folded into the message (protocol facts 0.6). */
export const receiptsOfMessages = (messages: BaileysEventMap['messages.upsert']['messages'], now: number): Receipt[] =>
  messages.flatMap(({ key, status }) => receipt(key, status, undefined, now, null));

/** By `type` of the stanza; a delivery has none. Others speak to our own devices, or ask for a message again. */
const stepsOnWire: ReadonlyMap<string | undefined, Receipt['step']> = new Map([
  [undefined, 'delivered'],
  ['read', 'read'],
  ['played', 'played'],
]);

/**
 * Receipts of several members in one stanza, as they come for what was told while this device was away: `<receipt from=GROUP type>
 * <participants key=ID><user jid t/>…`. Baileys takes only those that name one participant (lib/Socket/messages-recv.js: handleReceipt).
 */
export function receiptsOfGroup(node: BinaryNode, now: number): Receipt[] {
  const { from, participant, type } = node.attrs;
  const step = stepsOnWire.get(type);
  if (from === undefined || participant !== undefined || !isGroup(from) || step === undefined) return [];
  return childrenOf(node, 'participants').flatMap((told) =>
    childrenOf(told, 'user').flatMap(({ attrs: { jid, t } }): Receipt[] => {
      const whatsappId = told.attrs.key;
      if (!whatsappId || !jid) return [];
      const at = Number(t) > 0 ? Number(t) * 1000 : now;
      return [{ type: 'receipt', whatsappId, chat: bare(from), participant: bare(jid), step, at }];
    }),
  );
}
