import { createCipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { proto } from 'baileys';

/** A question with options. Votes are sealed under its secret, which only its readers have. */
export const pollContent = (name: string, options: readonly string[]): proto.IMessage => ({
  pollCreationMessageV3: {
    name,
    options: options.map((optionName) => ({ optionName })),
    selectableOptionsCount: 1,
  },
  messageContextInfo: { messageSecret: randomBytes(32) },
});

export interface Poll {
  readonly whatsappId: string;
  readonly content: proto.IMessage;
  /** Bare JID of who asked, as the voter's phone knows it. */
  readonly author: string;
}

/** A vote as WhatsApp carries it; no options take the vote before back. `voter`: bare JID, in the namespace of the chat. */
export function voteContent(poll: Poll, voter: string, options: readonly string[], fromMe: boolean): proto.IMessage {
  const vote = proto.Message.PollVoteMessage.encode({
    selectedOptions: options.map((option) => createHash('sha256').update(option).digest()),
  }).finish();
  const sealed = seal('Poll Vote', poll, voter, vote, `${poll.whatsappId}\0${voter}`);
  return {
    pollUpdateMessage: {
      pollCreationMessageKey: { id: poll.whatsappId, fromMe, remoteJid: poll.author, participant: poll.author },
      vote: sealed,
      senderTimestampMs: Date.now(),
    },
  };
}

/** A reaction as members of a community's announcement group send it. */
export function sealedReaction(to: Poll, writer: string, text: string): proto.IMessage {
  const reaction = proto.Message.ReactionMessage.encode({ text }).finish();
  return {
    encReactionMessage: {
      targetMessageKey: { id: to.whatsappId, fromMe: false, remoteJid: to.author, participant: to.author },
      ...seal('Enc Reaction', to, writer, reaction, ''),
    },
  };
}

function seal(use: string, { whatsappId, content, author }: Poll, writer: string, plain: Uint8Array, bindings: string) {
  const secret = content.messageContextInfo?.messageSecret;
  if (!secret) throw new Error(`the message ${whatsappId} has no secret`);
  const key = Buffer.from(hkdfSync('sha256', secret, '', `${whatsappId}${author}${writer}${use}`, 32));
  const encIv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, encIv).setAAD(Buffer.from(bindings));
  return { encIv, encPayload: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]) };
}
