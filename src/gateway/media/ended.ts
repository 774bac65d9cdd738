import { asError } from '../../base/errors.ts';
import type { EventBus } from '../../base/events.ts';
import type { Log } from '../../base/log.ts';
import type { Store } from '../../store/index.ts';
import { readBody } from '../body.ts';
import type { MediaFetcher } from '../media.ts';

interface EndedNeeds {
  readonly events: Pick<EventBus, 'on'>;
  readonly store: Pick<Store, 'messages'>;
  readonly media: Pick<MediaFetcher, 'discard'>;
  readonly log: Pick<Log, 'error'>;
}

/** The upload of a message that was cancelled or expired goes with it, and its weight; what is sent or fails, `delivery.ts` lets go of. */
export function discardEndedUploads({ events, store, media, log }: EndedNeeds): void {
  events.on('message.changed', ({ accountId, deviceId, messageId, state }) => {
    if (state !== 'expired' && state !== 'cancelled') return;
    discard(accountId, deviceId, messageId).catch((error) =>
      // `sweep` takes it otherwise.
      log.error({ device: deviceId, err: asError(error) }, 'an upload could not be removed'),
    );
  });

  async function discard(accountId: number, deviceId: number, messageId: number): Promise<void> {
    const row = await store.messages.find(accountId, deviceId, messageId);
    const body = row && readBody(row);
    if (body?.is === 'media' && body.upload !== null) await media.discard(body.upload);
  }
}
