import type { AuthenticationCreds, AuthenticationState, WASocket } from 'baileys';
import type { Clock } from '../base/clock.ts';
import type { RandomBytes } from '../base/ids.ts';
import { createAcquaintance } from './acquaintance.ts';
import { forgetHalfPairing } from './auth-state.ts';
import type { Device } from './device.ts';
import type { GroupBook } from './groups.ts';
import { bare, isChannel } from './jid.ts';
import { type Link, LinkError, type MessageKey } from './link.ts';
import { createMedia, fileOf, type Media, type MediaFile } from './media.ts';
import { channelPost, mediaMessage, quoteOf, reactionMessage, textMessage } from './outbound.ts';
import { previewOf } from './preview.ts';
import { type Ask, createLookUp } from './queries.ts';
import type { quietLogger } from './quiet.ts';
import { createRelay } from './relay.ts';
import type { Reupload } from './reupload.ts';
import type { Trust } from './socket.ts';
import { linkErrorOf } from './thrown.ts';

/** What can be asked of an open connection. `live` gives the socket, or throws LinkError `closed`. */
export function createAbilities({
  sock,
  live,
  ask,
  device,
  groups,
  reupload,
  creds,
  keys,
  saveCreds,
  isPairing,
  trust,
  logger,
  clock,
  random,
  queryTimeoutMs,
  onStuck,
  note,
}: {
  sock: WASocket;
  live: () => WASocket;
  ask: Ask;
  device: Pick<Device, 'memory' | 'lists'>;
  groups: GroupBook;
  reupload: Reupload;
  creds: AuthenticationCreds;
  keys: AuthenticationState['keys'];
  saveCreds: () => Promise<void>;
  isPairing: () => boolean;
  trust: Trust | undefined;
  logger: ReturnType<typeof quietLogger>;
  clock: Clock;
  random: RandomBytes;
  queryTimeoutMs: number;
  /** Nothing more can be written on this connection. */
  onStuck: () => void;
  note: (error: unknown, reason: string) => void;
}): Omit<Link, 'close'> {
  const media = createMedia({
    ask,
    now: clock.now,
    random,
    logger,
    fetchAgent: trust?.fetchAgent,
    dispatcher: trust?.dispatcher,
  });
  const { relay, refreshDevices } = createRelay({
    sock,
    devices: device.lists,
    groups,
    memory: device.memory,
    clock,
    queryTimeoutMs,
    onStuck,
    onLateFailure: (error) => note(error, 'bookkeeping after a send failed'),
  });

  const meet = createAcquaintance({ sock, lists: device.lists, keys, creds });

  async function say<T>(doing: string, work: (open: WASocket) => Promise<T>): Promise<T> {
    try {
      return await work(live());
    } catch (thrown) {
      throw linkErrorOf(thrown, doing);
    }
  }

  return {
    lookUp: createLookUp(ask, sock.generateMessageTag, (answer, registration) =>
      meet(answer, registration).catch((error) => note(error, 'the devices of a number were not kept')),
    ),
    async encode(content, { chat, quoted }) {
      const quote = quoted && quoteOf(quoted, bare(creds.me?.id ?? ''));
      if (content.type === 'text')
        return isChannel(chat) ? channelPost(content.text, quote) : textMessage(content.text, random, quote);
      if (isChannel(chat)) throw new LinkError('rejected', 'Files are not sent to channels.');
      live();
      const preview = await previewOf(content, (error) => note(error, 'no preview'));
      return mediaMessage(content, await media.upload(content.path, content.type), preview, random, quote);
    },
    encodeReaction: (to, emoji) => reactionMessage(to, emoji, clock.now()),
    async relay(chat, bytes, whatsappId) {
      live();
      await relay(chat, bytes, whatsappId);
    },
    refreshDevices,
    showPresence: (chat, presence) => say('showing presence', (open) => open.sendPresenceUpdate(presence, chat)),
    markRead: (keys) => say('marking as read', (open) => open.readMessages(keys.map(keyOf))),
    download: async (message, key) => download(media, reupload, fileOf(message), key),
    groups,
    pairing: {
      request: (phone) =>
        say('asking for a pairing code', async (open) => {
          if (!isPairing()) throw new LinkError('rejected', 'A pairing code can be asked for once a QR code is shown.');
          try {
            return await open.requestPairingCode(phone);
          } catch (error) {
            // Baileys has already put the number into the credentials, which would then log in instead of registering.
            forgetHalfPairing(creds);
            await saveCreds();
            throw error;
          }
        }),
    },
    logOut: () => say('logging out', (open) => open.logout()),
  };
}

const keyOf = ({ chat, whatsappId, fromMe, participant }: MessageKey) => ({
  remoteJid: chat,
  id: whatsappId,
  fromMe,
  ...(participant ? { participant } : {}),
});

/** An address that has run out, and a file that was let go. */
const GONE: ReadonlySet<number | null> = new Set([403, 404, 410]);

/** The first bytes tell whether the host still has the file; if it has not, the phone is asked once. */
async function download(
  media: Media,
  reupload: Reupload,
  file: MediaFile,
  key: MessageKey | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  try {
    return await media.fetch(file);
  } catch (error) {
    if (!(error instanceof LinkError && GONE.has(error.whatsappCode)) || !key) throw error;
    return await media.fetch(await reupload.request(key, file));
  }
}
