import { Agent as HttpsAgent } from 'node:https';
import { Browsers, DEFAULT_CONNECTION_CONFIG, makeWASocket, proto, type WASocket } from 'baileys';
import { Agent, Dispatcher1Wrapper } from 'undici';
import type { DeviceAuth } from './auth-state.ts';
import type { Device } from './device.ts';
import type { GroupBook } from './groups.ts';
import type { LinkOptions, Route } from './link.ts';
import type { quietLogger } from './quiet.ts';
import { withTrustedRoot } from './signal/index.ts';

export interface SocketTimes {
  readonly queryTimeoutMs: number;
  readonly keepAliveMs: number;
}

/** Whom the media hosts must convince; undefined: the system's authorities. */
export interface Trust {
  readonly fetchAgent: HttpsAgent;
  readonly dispatcher: Agent;
}

/** Made new for each connection, closed with it. TLS checks are never switched off. */
export const trustOf = ({ mediaAuthority }: Route): Trust | undefined =>
  mediaAuthority === undefined
    ? undefined
    : {
        fetchAgent: new HttpsAgent({ ca: mediaAuthority }),
        dispatcher: new Agent({ connect: { ca: mediaAuthority } }),
      };

const { HistorySyncType } = proto.HistorySync;
/**
 * Names and settings only. Chats and messages of the past are not ours to keep: they cost tens of megabytes at login, and with
 * `RECENT` among them Baileys holds every event back for up to 20 s until the phone has sent it.
 */
const WANTED_HISTORY: ReadonlySet<unknown> = new Set([HistorySyncType.PUSH_NAME, HistorySyncType.NON_BLOCKING_DATA]);

/** What this Baileys tells WhatsApp that it is, unless WHATSAPP_VERSION says otherwise. */
export const shippedVersion: readonly number[] = DEFAULT_CONNECTION_CONFIG.version;

/** The only place that makes a Baileys socket. It connects at once. */
export function openSocket({
  options,
  device,
  auth,
  trust,
  times,
  logger,
  groupOf,
}: {
  options: Pick<LinkOptions, 'route' | 'findSent'>;
  device: Pick<Device, 'signal' | 'lists'>;
  auth: DeviceAuth;
  trust: Trust | undefined;
  times: SocketTimes;
  logger: ReturnType<typeof quietLogger>;
  groupOf: GroupBook['metadata'];
}): WASocket {
  const { url, rootKey, version } = options.route;
  // Without TLS the Noise certificate is all that tells WhatsApp from an impostor; only a test network brings its own.
  if (!url.startsWith('wss:') && !rootKey) throw new Error('A WhatsApp address must begin with wss://.');
  const make = () =>
    makeWASocket({
      waWebSocketUrl: url,
      version: version ? [...version] : DEFAULT_CONNECTION_CONFIG.version,
      // Pairing by code wants a browser that WhatsApp knows.
      browser: Browsers.ubuntu('Chrome'),
      auth,
      logger,
      makeSignalRepository: device.signal,
      userDevicesCache: device.lists,
      cachedGroupMetadata: groupOf,
      getMessage: async ({ id }) => {
        const bytes = id ? await options.findSent(id) : undefined;
        return bytes && proto.Message.decode(bytes);
      },
      // With one, Baileys makes two traces of the stack, a timer and an error for every frame that it writes. The opening has its own
      // limit (`loginTimeoutMs`), and a peer that takes no frames is found by the keep-alive.
      connectTimeoutMs: 0,
      defaultQueryTimeoutMs: times.queryTimeoutMs,
      keepAliveIntervalMs: times.keepAliveMs,
      // Else the phone stops notifying its owner.
      markOnlineOnConnect: false,
      emitOwnEvents: false,
      syncFullHistory: false,
      shouldSyncHistoryMessage: ({ syncType }) => WANTED_HISTORY.has(syncType),
      generateHighQualityLinkPreview: false,
      // Ours is the store's own transaction; the default would hold the account's mutex for 30 s.
      transactionOpts: { maxCommitRetries: 3, delayBetweenTriesMs: 200 },
      ...(trust
        ? {
            fetchAgent: trust.fetchAgent,
            // Baileys downloads with Node's own fetch, whose undici is one major version behind ours.
            options: { dispatcher: new Dispatcher1Wrapper(trust.dispatcher) } as unknown as RequestInit,
          }
        : {}),
    });
  return rootKey ? withTrustedRoot(rootKey, make) : make();
}
