import type { BinaryNode, WASocket } from 'baileys';
import type { Clock } from '../base/clock.ts';
import { bare } from './jid.ts';
import type { LinkEvent } from './link.ts';

/** Told at most this often. */
const EVERY_MS = 60_000;

/**
 * Signs of life of the account's own phone: stanzas that come from its device 0, and the settings it synchronises. WhatsApp unlinks
 * every device of a phone that stays offline for 14 days, and tells nobody beforehand.
 */
export function watchPhone(
  { ws }: Pick<WASocket, 'ws'>,
  {
    own,
    clock,
    emit,
  }: { own: () => readonly (string | undefined)[]; clock: Pick<Clock, 'now'>; emit: (event: LinkEvent) => void },
): void {
  let told = Number.NEGATIVE_INFINITY;
  const seen = (at: number) => {
    if (clock.now() - told < EVERY_MS) return;
    told = clock.now();
    emit({ type: 'phone_seen', at });
  };
  /** What waited offline is as old as it says. */
  const timeOf = ({ attrs }: BinaryNode) =>
    attrs.t ? Math.min(Number(attrs.t) * 1000 || clock.now(), clock.now()) : clock.now();
  const look = (node: BinaryNode) => {
    const sender = node.attrs.participant ?? node.attrs.from;
    // Device 0 is the phone, and is written without a device part.
    if (sender === undefined || /:[1-9]\d*@/.test(sender)) return;
    if (own().some((jid) => jid !== undefined && bare(jid) === bare(sender))) seen(timeOf(node));
  };
  ws.on('CB:message', look);
  ws.on('CB:receipt', look);
  ws.on('CB:notification,type:server_sync', (node: BinaryNode) => seen(timeOf(node)));
}
