import type { proto } from 'baileys';

/** Envelopes that say how a message is shown, to whom it speaks or how it came. The first nine are those that Baileys knows. */
const wrappers = [
  'ephemeralMessage',
  'viewOnceMessage',
  'documentWithCaptionMessage',
  'viewOnceMessageV2',
  'viewOnceMessageV2Extension',
  'editedMessage',
  'associatedChildMessage',
  'groupStatusMessage',
  'groupStatusMessageV2',
  'groupMentionedMessage',
  'botInvokeMessage',
  'botForwardedMessage',
  'lottieStickerMessage',
  'pollCreationMessageV4',
  'questionMessage',
  'questionReplyMessage',
] as const satisfies readonly (keyof proto.IMessage)[];

/** Honest phones nest two or three. */
const MOST_WRAPPERS = 6;

/** What a message says, without what it is wrapped in. */
export function contentOf(message: proto.IMessage): proto.IMessage {
  let content = message;
  for (let depth = 0; depth < MOST_WRAPPERS; depth++) {
    const wrapper = wrappers.find((name) => content[name]?.message);
    const inner = wrapper && content[wrapper]?.message;
    if (!inner) return content;
    content = inner;
  }
  return content;
}
