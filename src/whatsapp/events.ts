import type { BaileysEventMap, WASocket } from 'baileys';
import { INTERNAL_EVENTS } from './quiet.ts';

export type Listeners = { readonly [E in keyof BaileysEventMap]?: (event: BaileysEventMap[E]) => void };

/**
 * Hears each of Baileys' events as it is emitted, in order. `ev.on` hears them from a buffer that holds them for up to 30 s, folds
 * receipts into messages, and lets a deletion wipe the message that came with it out of the same batch. Events that Baileys itself
 * does not listen to go no further: nothing is buffered for nobody.
 */
export function tapEvents(
  { ev }: Pick<WASocket, 'ev'>,
  listeners: Listeners,
  onFailure: (error: unknown) => void,
): void {
  const inner = ev.emit.bind(ev);
  ev.emit = (event, data) => {
    // First Baileys: it takes new credentials into the object that is then saved.
    const heard = INTERNAL_EVENTS.has(event) ? inner(event, data) : true;
    try {
      listeners[event]?.(data);
    } catch (error) {
      onFailure(error);
    }
    return heard;
  };
}
