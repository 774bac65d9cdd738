import { createHash, hkdfSync } from 'node:crypto';
import { aesDecryptGCM, proto } from 'baileys';
import { contentOf } from './contents.ts';
import { pollOptions, readText } from './inbound.ts';
import type { Incoming } from './link.ts';

/**
 * What is sealed under the secret of the message that it is about: votes in a poll, and in the announcement groups of communities
 * reactions, comments and edits. Whoever does not have that message cannot read it.
 */

/** The message that a sealed one is about. */
export interface Keyhole {
  readonly whatsappId: string;
  /** Its protobuf. */
  readonly message: Uint8Array;
  /** Bare JIDs of who wrote it, in each namespace that is known. */
  readonly authors: readonly string[];
}

export type Unsealed = Pick<Incoming, 'kind' | 'text' | 'details'>;

interface Ciphertext {
  readonly encPayload?: Uint8Array | null;
  readonly encIv?: Uint8Array | null;
}

interface Seal {
  readonly kind: 'poll_vote' | 'reaction' | 'text' | 'edit';
  readonly encPayload: Uint8Array;
  readonly encIv: Uint8Array;
}

/**
 * The use that the key is derived for, and whether the cipher binds id and writer once more (whatsmeow, msgsecret.go:
 * generateMsgSecretKey). `read` gives what stands in the opened bytes.
 */
const uses: Readonly<
  Record<
    Seal['kind'],
    {
      readonly label: string;
      readonly bound: boolean;
      readonly read: (opened: Uint8Array, about: proto.IMessage) => Omit<Unsealed, 'kind'>;
    }
  >
> = {
  poll_vote: {
    label: 'Poll Vote',
    bound: true,
    read: (opened, about) => ({ text: null, details: { is: 'vote', options: chosen(opened, about) } }),
  },
  reaction: {
    label: 'Enc Reaction',
    bound: false,
    read: (opened) => ({ text: proto.Message.ReactionMessage.decode(opened).text || null, details: null }),
  },
  text: {
    label: 'Enc Comment',
    bound: false,
    read: (opened) => ({ text: readText(proto.Message.decode(opened)), details: null }),
  },
  edit: {
    label: 'Message Edit',
    bound: false,
    read: (opened) => ({ text: readText(proto.Message.decode(opened)), details: null }),
  },
};

function sealOf(message: Uint8Array): Seal | undefined {
  const content = contentOf(proto.Message.decode(message));
  const sealed: readonly (readonly [Seal['kind'], Ciphertext | null | undefined])[] = [
    ['poll_vote', content.pollUpdateMessage?.vote],
    ['reaction', content.encReactionMessage],
    ['text', content.encCommentMessage],
    ['edit', content.secretEncryptedMessage],
  ];
  for (const [kind, part] of sealed)
    if (part?.encPayload && part.encIv) return { kind, encPayload: part.encPayload, encIv: part.encIv };
  return undefined;
}

/** What a sealed message says; undefined when `about` does not open it. `writers`: its sender, in each namespace that is known. */
export function unseal(message: Uint8Array, about: Keyhole, writers: readonly string[]): Unsealed | undefined {
  const seal = sealOf(message);
  const original = proto.Message.decode(about.message);
  const secret = (original.messageContextInfo ?? contentOf(original).messageContextInfo)?.messageSecret;
  if (seal === undefined || !secret?.length) return undefined;
  // Who wrote what is part of the key, in the namespace that the writer's phone used: the cipher itself tells which one it was.
  for (const author of about.authors)
    for (const writer of writers) {
      const said = openedBy(seal, { secret, whatsappId: about.whatsappId, author, writer }, original);
      if (said !== undefined) return said;
    }
  return undefined;
}

interface Names {
  readonly secret: Uint8Array;
  readonly whatsappId: string;
  readonly author: string;
  readonly writer: string;
}

function openedBy(
  { kind, encPayload, encIv }: Seal,
  { secret, whatsappId, author, writer }: Names,
  about: proto.IMessage,
): Unsealed | undefined {
  const { label, bound, read } = uses[kind];
  const key = Buffer.from(hkdfSync('sha256', secret, '', `${whatsappId}${author}${writer}${label}`, 32));
  try {
    const bindings = Buffer.from(bound ? `${whatsappId}\0${writer}` : '');
    return { kind, ...read(aesDecryptGCM(encPayload, key, encIv, bindings), about) };
  } catch (error) {
    // The tag does not fit: sealed with another key, or by nobody. Or a stranger sealed what makes no sense.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** A vote names options by their hashes. */
function chosen(opened: Uint8Array, poll: proto.IMessage): string[] {
  const { selectedOptions } = proto.Message.PollVoteMessage.decode(opened);
  const hashes = new Set(selectedOptions.map((hash) => Buffer.from(hash).toString('hex')));
  return pollOptions(poll).filter((option) => hashes.has(hashOf(option)));
}

const hashOf = (option: string): string => createHash('sha256').update(option).digest('hex');
