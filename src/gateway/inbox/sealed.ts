import type { InboxRow, Owner, StoreTx } from '../../store/index.ts';
import { bare, jidOfPhone, type Keyhole, unseal } from '../../whatsapp/index.ts';
import type { Incoming } from '../../whatsapp/link.ts';
import type { Self } from './rows.ts';

/** A vote, or whatever else is sealed under the message that it is about, with what it says; as it was when that message is not here. */
export async function opened(
  tx: Pick<StoreTx, 'inbox' | 'messages'>,
  owner: Owner,
  message: Incoming,
  self: Self,
): Promise<Incoming> {
  if (!message.sealed || message.refersTo === null) return message;
  const writers = message.fromMe ? namesOf(self) : namesOf(message, message.sender);
  for await (const about of keyholes(tx, owner, message.refersTo, self)) {
    const said = unseal(message.message, about, writers);
    if (said !== undefined) return { ...message, ...said };
  }
  return message;
}

async function* keyholes(
  { inbox, messages }: Pick<StoreTx, 'inbox' | 'messages'>,
  { account_id, device_id }: Owner,
  whatsappId: string,
  self: Self,
): AsyncGenerator<Keyhole> {
  for (const row of await inbox.withWhatsappId(account_id, device_id, whatsappId)) {
    const message = await inbox.proto(account_id, device_id, row.id);
    if (message !== undefined) yield { whatsappId, message, authors: authorsOf(row, self) };
  }
  const sent = await messages.findProto(device_id, whatsappId);
  if (sent !== undefined) yield { whatsappId, message: sent, authors: namesOf(self) };
}

const authorsOf = ({ direction, sender, from_phone, from_lid }: InboxRow, self: Self): string[] =>
  direction === 'out' ? namesOf(self) : namesOf({ phone: from_phone, lid: from_lid }, sender);

const namesOf = ({ phone, lid }: Self, ...others: readonly string[]): string[] => [
  ...new Set([...others, ...(phone === null ? [] : [jidOfPhone(phone)]), ...(lid === null ? [] : [bare(lid)])]),
];
