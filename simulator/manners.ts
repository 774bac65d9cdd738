/** How somebody behaves on WhatsApp. What is left out is ordinary: registered, acknowledged, delivered, not read. */
export interface Manner {
  /** For people: what a customer of the sandbox reads in the documentation. */
  readonly meaning: string;
  readonly registered?: boolean;
  /** `never`: the server stays silent; a number: it refuses with that code. */
  readonly acknowledge?: 'never' | number;
  /** Milliseconds until the delivery receipt. */
  readonly delivered?: 'never' | number;
  /** Milliseconds between delivery and reading. */
  readonly read?: 'never' | number;
  /** What comes back; `echo` is the text itself. */
  readonly reply?: { readonly echo: true } | { readonly text: string };
}

export const ORDINARY: Manner = { meaning: 'Delivered at once, not read.' };

/**
 * The sandbox's numbers with fixed manners, like the card numbers of a payment sandbox. Any other number is
 * `ORDINARY`. The table is part of the product's documentation: numbers and meanings are a promise.
 */
export const MANNERS: Readonly<Record<string, Manner>> = {
  '628990000001': { meaning: 'Delivers and reads at once.', read: 0 },
  '628990000002': { meaning: 'Delivers after 30 seconds.', delivered: 30_000 },
  '628990000003': { meaning: 'Is not on WhatsApp.', registered: false },
  '628990000004': { meaning: 'The message is refused with 463 (reach-out time-lock).', acknowledge: 463 },
  '628990000005': { meaning: 'The message is never acknowledged.', acknowledge: 'never', delivered: 'never' },
  '628990000006': { meaning: 'Replies with an echo of the text.', reply: { echo: true } },
  '628990000007': { meaning: 'Replies STOP.', reply: { text: 'STOP' } },
};

/** Sends receipts as somebody who only has a phone in the pocket, is reading along, or has the phone switched off. */
export type AutoReceipts = 'delivered' | 'read' | 'none';

export function withReceipts(manner: Manner, receipts: AutoReceipts): Manner {
  if (receipts === 'none') return { ...manner, delivered: 'never', read: 'never' };
  return { ...manner, delivered: 0, read: receipts === 'read' ? 0 : 'never' };
}

export function receiptsOf(manner: Manner): AutoReceipts {
  if (manner.delivered === 'never') return 'none';
  return manner.read === undefined || manner.read === 'never' ? 'delivered' : 'read';
}

/** Country code and subscriber number as E.164 has them: 8 to 15 digits, no leading zero. */
export function isValidNumber(number: string): boolean {
  return /^[1-9]\d{7,14}$/.test(number);
}
