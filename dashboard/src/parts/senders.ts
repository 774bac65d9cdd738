import type { PanelDevice } from '../api/types.ts';

/** The numbers of the sandbox with fixed manners. They look like real ones. */
export const sandboxNumbers = [6, 1, 2, 3, 4, 5, 7].map((last) => `62899000000${last}`);

/** Answers with the same text: the number for a first message. */
export const ECHO = '628990000006';

/** Whom a message is from until one chooses: a real device before a sandbox, in which nobody gets what one writes to a person. */
export const firstSender = (devices: readonly PanelDevice[]): PanelDevice | undefined =>
  devices.find(({ kind, live }) => kind === 'whatsapp' && live.status === 'connected') ??
  devices.find(({ live }) => live.status === 'connected') ??
  devices[0];

/** The recipient after a device of this kind was chosen: no number of the sandbox is left to a real device, where it is a stranger's. */
export function recipientFor(kind: PanelDevice['kind'], recipient: string): string {
  const given = recipient.trim();
  if (kind === 'sandbox') return given === '' ? ECHO : recipient;
  return sandboxNumbers.includes(given) ? '' : recipient;
}
