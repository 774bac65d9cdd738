import { useState } from 'react';
import { createKept } from '../../parts/kept.ts';

/** How one links a device, and the number of its phone as far as it is typed. */
interface Chosen {
  readonly byCode: boolean;
  readonly phone: string;
}

export interface LinkingWay extends Chosen {
  readonly choose: (change: Partial<Chosen>) => void;
}

// Outlives the form: who goes over to WhatsApp with their only phone comes back after the gateway has ended the linking.
const { keep, now, useKept } = createKept<Partial<Chosen>>();

/** This page is most likely on the very phone that shall be linked, which cannot scan its own screen. */
const isOnPhone = () => matchMedia('(pointer: coarse), (width < 48em)').matches;

/** The way that was chosen for a device, and how to choose another; on a phone it begins with the code. */
export function useLinkingWay(deviceId: number): LinkingWay {
  const chosen = useKept(deviceId);
  const [onPhone] = useState(isOnPhone);
  return {
    byCode: chosen?.byCode ?? onPhone,
    phone: chosen?.phone ?? '',
    choose: (change) => keep(deviceId, { ...now(deviceId), ...change }),
  };
}
