import { join } from 'node:path';
import { MANNERS, type Network, type ReceivedMessage, startNetwork } from '../simulator/index.ts';
import type { Config } from './base/config.ts';
import { asError } from './base/errors.ts';
import type { Log } from './base/log.ts';
import type { NetworkBubble, SandboxNetwork } from './gateway/sandbox.ts';
import type { Route } from './whatsapp/index.ts';

const HANDSETS = '62898';
/** Of each simulated person, each way: what a phone's page shows. It is the gateway's own memory (test/soak). */
const KEPT = 200;
/** Of its media, which nobody else removes: 512 MiB. */
const MEDIA_ROOM = 512 * 2 ** 20;

/** Each sandbox device is in one group, with somebody who reads along and somebody who echoes. */
const GROUP = 'Sandbox';
const GROUP_MEMBERS = ['628990000001', '628990000006'];

/** Numbers of sandbox handsets: 62 898 and the device's id, apart from the recipients with fixed manners (62 899 …). */
export const sandboxNumber = (deviceId: number): string => `${HANDSETS}${String(deviceId).padStart(8, '0')}`;

/** The simulated WhatsApp network of sandbox devices, on this machine's loopback. */
export function createSandbox(config: Pick<Config, 'SANDBOX' | 'DATA_DIR'>, log: Pick<Log, 'info'>) {
  let network: Network | undefined;
  return {
    get network() {
      return network;
    },
    async start() {
      if (!config.SANDBOX) return;
      network = await startNetwork({
        storage: join(config.DATA_DIR, 'sandbox.db'),
        everyoneExists: true,
        kept: KEPT,
        mediaRoom: MEDIA_ROOM,
        keptReceipts: 50,
        // Nobody looks at the wire of a sandbox.
        transcriptLimit: 10,
      });
    },
    async stop() {
      await network?.stop();
      network = undefined;
    },
    route(): Route | undefined {
      return network === undefined
        ? undefined
        : { url: network.url, mediaAuthority: network.mediaAuthority, rootKey: network.rootKey };
    },
    /** Whether it was linked, the device's state tells: one that hung up meanwhile (deleted, stopped) shows another code when it is back. */
    scan: (device: { readonly id: number }, qr: string) => {
      if (network === undefined) return;
      const handset = sandboxNumber(device.id);
      if (!network.groups.some(({ creator }) => creator === handset)) network.group(GROUP, [handset, ...GROUP_MEMBERS]);
      network
        .phone(handset)
        .scan(qr)
        .catch((error) =>
          log.info({ device: device.id, err: asError(error) }, 'a sandbox phone could not link a device'),
        );
    },
    /** As the gateway may use it. */
    phones: (): SandboxNetwork | undefined => network && phonesOf(network),
  };
}

function phonesOf(network: Network): SandboxNetwork {
  /** What the handset shows: copies of what its client sent, and what it was sent. */
  const shownAt = (handset: string) => network.phone(handset).messages.filter(({ chat }) => /^\d+$/.test(chat));
  return {
    handsetOf: sandboxNumber,
    isHandset: (number) => /^62898\d{8}$/.test(number),
    numbers: Object.entries(MANNERS).map(([number, { meaning }]) => ({ number, meaning })),
    contactsOf: (handset) => [
      ...new Set(
        shownAt(handset)
          .toReversed()
          .map(({ chat }) => chat),
      ),
    ],
    bubbles: (handset, contact) => {
      const theirs = new Map(
        network
          .contact(contact)
          .messages.filter(({ from }) => from === handset)
          .map((one) => [one.whatsappId, one]),
      );
      return shownAt(handset)
        .filter(({ chat }) => chat === contact)
        .map((one) => bubbleOf(one, theirs.get(one.whatsappId)));
    },
    write: async (contact, handset, text) => ({ id: (await network.contact(contact).send(handset, text)).whatsappId }),
    read: (contact, handset) => {
      const reader = network.contact(contact);
      for (const one of reader.messages) if (one.from === handset && !one.own && !one.isRead) reader.read(one);
    },
    nameOf: (contact) => {
      const { name } = network.contact(contact);
      return name === '' || name === contact ? null : name;
    },
  };
}

/** As the recipient sees it, where it has arrived there. */
function bubbleOf(atHandset: ReceivedMessage, atContact: ReceivedMessage | undefined): NetworkBubble {
  const seen = atContact ?? atHandset;
  return {
    id: atHandset.whatsappId,
    from: atHandset.own ? 'device' : 'contact',
    text: seen.text ?? null,
    media: mediaOf(seen.content),
    at: atHandset.at,
    arrived: atContact !== undefined,
    isRead: atContact?.isRead ?? false,
  };
}

const KINDS = ['image', 'video', 'audio', 'document', 'sticker'] as const;

function mediaOf(content: ReceivedMessage['content']): NetworkBubble['media'] {
  const inner = content.documentWithCaptionMessage?.message ?? content;
  for (const kind of KINDS) {
    const part = inner[`${kind}Message`];
    if (!part) continue;
    const name = 'fileName' in part ? (part.fileName ?? null) : null;
    return { kind, name, mimetype: part.mimetype ?? null };
  }
  return null;
}
