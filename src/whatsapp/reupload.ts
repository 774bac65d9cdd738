import { type BaileysEventMap, decryptMediaRetryData, encryptMediaRetryRequest, proto, type WASocket } from 'baileys';
import type { Clock } from '../base/clock.ts';
import { LinkError, type MessageKey } from './link.ts';
import type { MediaFile } from './media.ts';
import { linkErrorOf } from './thrown.ts';

/** A phone that is off does not answer; Baileys would wait for ever. */
const TIMEOUT_MS = 20_000;
const { SUCCESS } = proto.MediaRetryNotification.ResultType;

type Update = BaileysEventMap['messages.media-update'][number];

export interface Reupload {
  /** Asks the account's phone to upload a file again that the media host has let go. Gives where it lies now. */
  request(key: MessageKey, file: MediaFile): Promise<MediaFile>;
  hear(updates: readonly Update[]): void;
}

export function createReupload(sock: Pick<WASocket, 'sendNode' | 'user'>, clock: Pick<Clock, 'sleep'>): Reupload {
  const waiting = new Map<string, (update: Update) => void>();
  return {
    hear(updates) {
      for (const update of updates) waiting.get(update.key.id ?? '')?.(update);
    },
    async request(key, file) {
      const me = sock.user?.id;
      if (!me) throw new LinkError('closed', 'This device is not linked.');
      const { whatsappId: id, chat: remoteJid, fromMe, participant } = key;
      const answer = new Promise<Update>((resolve) => waiting.set(id, resolve));
      const ended = new AbortController();
      try {
        await sock.sendNode(
          encryptMediaRetryRequest(
            { id, remoteJid, fromMe, ...(participant ? { participant } : {}) },
            file.mediaKey,
            me,
          ),
        );
        const late = clock.sleep(TIMEOUT_MS, ended.signal).then(
          () => undefined,
          () => undefined,
        );
        const update = await Promise.race([answer, late]);
        if (!update) throw new LinkError('timed_out', 'The phone did not upload the file again in time.');
        if (!update.media) throw update.error ?? new Error('the phone no longer has it');
        const { result, directPath } = decryptMediaRetryData(update.media, file.mediaKey, id);
        if (result !== SUCCESS || !directPath) throw new Error(`the phone answered ${result}`);
        return { ...file, directPath };
      } catch (thrown) {
        if (thrown instanceof LinkError) throw thrown;
        const error = linkErrorOf(thrown, 'asking the phone for a file');
        throw error.code === 'closed'
          ? error
          : new LinkError('media_failed', `The file is no longer on the media host: ${error.message}`, {
              cause: error,
            });
      } finally {
        ended.abort();
        waiting.delete(id);
      }
    },
  };
}
