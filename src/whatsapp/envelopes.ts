import type { BinaryNode } from 'baileys';
import type { MessageEnvelope } from './memory.ts';

/**
 * The stanza a ciphertext came in. `CB:message` fires before Baileys decrypts, and it hands the decryption the very object that
 * stood in the stanza: so the envelope is remembered by that object, and forgotten with it.
 */
export function createEnvelopes() {
  const byCiphertext = new WeakMap<Uint8Array, MessageEnvelope>();
  return {
    /** To be called before Baileys sees the stanza. */
    remember(stanza: BinaryNode): void {
      const envelope = read(stanza.attrs);
      if (!envelope || !Array.isArray(stanza.content)) return;
      for (const { tag, content } of stanza.content)
        if (tag === 'enc' && content instanceof Uint8Array) byCiphertext.set(content, envelope);
    },
    of: (ciphertext: Uint8Array): MessageEnvelope | undefined => byCiphertext.get(ciphertext),
  };
}

function read(attrs: Readonly<Record<string, string | undefined>>): MessageEnvelope | undefined {
  if (!attrs.id || !attrs.from) return undefined;
  const senderAlt = attrs.participant
    ? (attrs.participant_pn ?? attrs.participant_lid)
    : (attrs.sender_pn ?? attrs.sender_lid);
  const recipientAlt = attrs.peer_recipient_pn ?? attrs.peer_recipient_lid;
  return {
    whatsappId: attrs.id,
    from: attrs.from,
    ...(attrs.participant ? { participant: attrs.participant } : {}),
    ...(attrs.recipient ? { recipient: attrs.recipient } : {}),
    ...(attrs.recipient && recipientAlt ? { recipientAlt } : {}),
    ...(senderAlt ? { senderAlt } : {}),
    ...(attrs.notify ? { pushName: attrs.notify } : {}),
    timestamp: Number(attrs.t) || 0,
    offline: Boolean(attrs.offline),
  };
}
