import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../base/clock.ts';
import { asError, failure, isFailure } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import type { RandomBytes } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { type InboxRow, receivedFileOf, type Store } from '../store/index.ts';
import { LinkError } from '../whatsapp/link.ts';
import type { Fleet } from './fleet.ts';
import { readBody } from './inbox/rows.ts';
import { mediaLink, readMediaLink } from './inbox-media/links.ts';
import type { Shelf, WholeFile } from './inbox-media/shelf.ts';

/** Files of incoming messages: fetched from WhatsApp when they are asked for or as they come, kept, and opened by links that expire. */
export interface InboxMedia {
  /** Takes up what was missed, when each file is to be fetched as it comes. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Fetches the file unless it is here. Throws `not_found`, `device_not_connected`, `media_gone`. */
  ensure(row: InboxRow): Promise<void>;
  /** A path of this server. */
  link(row: InboxRow): { readonly path: string; readonly expiresAt: number };
  /** Throws `not_found`, also for a link that is forged or over. */
  open(link: string): Promise<OpenedFile>;
}

export interface OpenedFile {
  readonly content: Readable;
  readonly mimetype: string;
  readonly filename: string;
  readonly bytes: number;
}

export interface InboxMediaNeeds {
  readonly store: Pick<Store, 'inbox' | 'durable'>;
  readonly fleet: Pick<Fleet, 'link' | 'station'>;
  readonly shelf: Shelf;
  readonly events: Pick<EventBus, 'on'>;
  /** For files on their way; swept at start. */
  readonly dir: string;
  readonly maxBytes: number;
  /** Fetch each file as its message comes. */
  readonly always: boolean;
  readonly linkKey: Uint8Array;
  readonly linkMs: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

/** Files that are fetched as they come, at a time. */
const LANES = 2;
/** WhatsApp's host has let older files go. */
const WORTH_FETCHING_MS = 14 * 86_400_000;

export function createInboxMedia(needs: InboxMediaNeeds): InboxMedia {
  const { store, clock, log } = needs;
  const underWay = new Map<number, Promise<void>>();
  const queue: { readonly accountId: number; readonly deviceId: number; readonly inboxId: number }[] = [];
  let lanes = 0;
  let stopped = false;
  let offs: readonly (() => void)[] = [];

  async function bring(row: InboxRow): Promise<void> {
    const link = needs.fleet.link(row.device_id);
    if (link === undefined) throw failure('device_not_connected');
    const proto = await store.inbox.proto(row.account_id, row.device_id, row.id);
    if (proto === undefined) throw failure('not_found', { what: 'The message' });
    const path = join(needs.dir, `${row.device_id}-${row.id}-${needs.random(6).toString('hex')}.part`);
    try {
      const fromMe = row.direction === 'out';
      const source = await link.download(proto, {
        chat: row.chat,
        whatsappId: row.whatsapp_id,
        fromMe,
        ...(row.chat.endsWith('@g.us') && !fromMe ? { participant: row.sender } : {}),
      });
      const file = await save(source, path);
      const key = receivedFileOf(row);
      await needs.shelf.keep(key, file);
      if (await store.inbox.keepFile(row.account_id, row.device_id, row.id, key, file.bytes)) return;
      // The message was erased, or its time was up, while its file was under way: nothing would ever remove the file.
      await needs.shelf.remove(key);
      throw failure('not_found', { what: 'The message' });
    } catch (error) {
      if (error instanceof LinkError && error.code === 'closed')
        throw failure('device_not_connected', {}, { cause: error });
      if (error instanceof LinkError)
        throw failure('media_gone', { reason: error.message.replace(/\.$/, '') }, { cause: error });
      throw error;
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Counts what comes: the length that a message tells may be a lie. The seal is judged at the end, by the stream itself. */
  async function save(source: AsyncIterable<Uint8Array>, path: string): Promise<WholeFile> {
    const hash = createHash('sha256');
    let bytes = 0;
    await mkdir(needs.dir, { recursive: true, mode: 0o700 });
    await pipeline(
      source,
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          bytes += chunk.length;
          if (bytes > needs.maxBytes)
            throw failure('media_gone', { reason: `it is larger than ${Math.floor(needs.maxBytes / 2 ** 20)} MB` });
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(path, { mode: 0o600, flags: 'wx' }),
    );
    return { path, bytes, sha256: hash.digest('hex') };
  }

  async function ensure(row: InboxRow): Promise<void> {
    if (row.has_media === 0) throw failure('not_found', { what: 'A file of this message' });
    if (row.media_key !== null) return;
    const present = underWay.get(row.id);
    if (present !== undefined) return present;
    const bringing = bring(row).finally(() => underWay.delete(row.id));
    underWay.set(row.id, bringing);
    return bringing;
  }

  function work(): void {
    while (lanes < LANES && !stopped) {
      const next = queue.shift();
      if (next === undefined) return;
      lanes += 1;
      fetchAs(next)
        .catch((error) => {
          // It can still be asked for; and when the device connects again, it is tried again.
          if (!isFailure(error)) log.error({ device: next.deviceId, err: asError(error) }, 'a file could not be kept');
        })
        .finally(() => {
          lanes -= 1;
          work();
        });
    }
  }

  async function fetchAs({ accountId, deviceId, inboxId }: (typeof queue)[number]): Promise<void> {
    const row = await store.inbox.find(accountId, deviceId, inboxId);
    if (row !== undefined && row.has_media === 1) await ensure(row);
  }

  /** All that was missed, page by page: files that are gone for good stand among them, and hold up none behind them. */
  async function takeUp(accountId: number, deviceId: number): Promise<void> {
    const known = new Set(queue.map(({ inboxId }) => inboxId));
    for (let after = 0; ; ) {
      const missed = await store.inbox.withoutFile(accountId, deviceId, clock.now() - WORTH_FETCHING_MS, after);
      queue.push(...missed.filter((id) => !known.has(id)).map((inboxId) => ({ accountId, deviceId, inboxId })));
      work();
      const last = missed.at(-1);
      if (last === undefined || stopped) return;
      after = last;
    }
  }

  return {
    async start() {
      await rm(needs.dir, { recursive: true, force: true });
      if (!needs.always) return;
      offs = [
        needs.events.on('inbox.changed', (event) => {
          // Of several nodes the one that keeps the device fetches.
          if (needs.fleet.station(event.deviceId) === undefined) return;
          queue.push(event);
          work();
        }),
        needs.events.on('device.changed', ({ accountId, deviceId, state }) => {
          if (state !== 'connected' || needs.fleet.station(deviceId) === undefined) return;
          takeUp(accountId, deviceId).catch((error) => {
            log.error({ device: deviceId, err: asError(error) }, 'files that were missed could not be looked up');
          });
        }),
      ];
    },
    async stop() {
      stopped = true;
      for (const off of offs) off();
      queue.length = 0;
      await Promise.allSettled(underWay.values());
    },
    ensure,
    link({ account_id, device_id, id }) {
      const expiresAt = clock.now() + needs.linkMs;
      const word = mediaLink(needs.linkKey, { accountId: account_id, deviceId: device_id, inboxId: id }, expiresAt);
      return { path: `/media/${word}`, expiresAt };
    },
    async open(link) {
      const gone = () => failure('not_found', { what: 'The file' });
      const linked = readMediaLink(needs.linkKey, link, clock.now());
      if (linked === undefined) throw gone();
      const row = await store.inbox.find(linked.accountId, linked.deviceId, linked.inboxId);
      if (row === undefined || row.media_key === null) throw gone();
      const content = await needs.shelf.open(row.media_key);
      if (content === undefined) throw gone();
      const { media } = readBody(row);
      return {
        content,
        mimetype: harmless(media?.mimetype ?? null),
        filename: media?.fileName ?? `${row.type}-${row.id}${extensionOf(media?.mimetype ?? '')}`,
        bytes: row.media_bytes ?? 0,
      };
    },
  };
}

/** What a stranger calls a file, as far as no browser would run it. */
function harmless(mimetype: string | null): string {
  const type = /^(image|audio|video|text|application)\/[a-z0-9.+-]{1,100}/i.exec(mimetype ?? '')?.[0].toLowerCase();
  return type === undefined || /html|svg|xml|script|json/.test(type) ? 'application/octet-stream' : type;
}

const extensions: Readonly<Record<string, string>> = {
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/webp': '.webp',
  'video/mp4': '.mp4',
  'audio/ogg': '.ogg',
  'audio/mpeg': '.mp3',
  'audio/mp4': '.m4a',
  'application/pdf': '.pdf',
};
const extensionOf = (mimetype: string): string => extensions[mimetype.split(';')[0] ?? ''] ?? '';
