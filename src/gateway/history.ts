import type { Clock } from '../base/clock.ts';
import { failure, invalid } from '../base/errors.ts';
import type { DeviceRow, MessageRow, MessageState, Search, Store } from '../store/index.ts';
import { readBody } from './body.ts';
import type { Caller, MessageView, SendRequest } from './contract.ts';
import type { Fleet } from './fleet.ts';
import { viewOf, waitOf } from './messages.ts';
import { normaliseRecipient, recipientText } from './recipients.ts';

export interface HistoryView extends Omit<MessageView, 'priority'> {
  readonly deviceId: number;
  readonly deviceName: string;
  readonly priority: 'high' | 'normal' | 'low';
  readonly sendingAt: number | null;
  readonly mayCancel: boolean;
  readonly maySendAgain: boolean;
}

export interface HistoryFilter {
  readonly deviceId?: number | undefined;
  readonly status?: 'pending' | 'sent' | 'failed' | undefined;
  readonly state?: MessageState | undefined;
  readonly recipient?: string | undefined;
  readonly ref?: string | undefined;
  /** Unix ms. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Exact finds in all rows, and words in the newest `SEARCHED` that match the rest. */
  readonly q?: string | undefined;
}

/** Messages over all devices of an account. Throws `not_found` for a device or message that is not the account's. */
export interface History {
  list(
    accountId: number,
    query: HistoryFilter & { readonly limit: number; readonly page: number },
  ): Promise<{ readonly rows: readonly HistoryView[]; readonly total: number }>;
  find(accountId: number, id: number): Promise<HistoryView>;
  /** All that match, newest first, in batches; ends when the reader has gone. */
  stream(accountId: number, filter: HistoryFilter, signal: AbortSignal): Promise<AsyncIterable<readonly HistoryView[]>>;
  /** To send by a device of the account. */
  callerOf(accountId: number, deviceId: number): Promise<Caller>;
  /** The same for what a device has, which may be deleted by now. */
  ownerOf(accountId: number, deviceId: number): Promise<Caller>;
  /** What was asked for, to ask for it anew. Throws `validation_failed` for an upload. */
  repeat(accountId: number, id: number): Promise<{ readonly caller: Caller; readonly request: SendRequest }>;
}

export interface HistoryNeeds {
  readonly store: Pick<Store, 'histories' | 'devices'>;
  readonly fleet: Pick<Fleet, 'isConnected' | 'hold'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Requests a minute; the dashboard has limits of its own. */
  readonly rateLimit: number;
}

/** Bodies are sealed at rest: words are looked for in so many of the newest rows, decrypted (7 µs each). */
export const SEARCHED = 2_000;
const BATCH = 500;

export function createHistory(needs: HistoryNeeds): History {
  const { store, fleet, clock } = needs;

  const devicesOf = async (accountId: number): Promise<ReadonlyMap<number, DeviceRow>> =>
    new Map((await store.devices.listEver(accountId)).map((row) => [row.id, row]));

  function view(row: MessageRow, devices: ReadonlyMap<number, DeviceRow>): HistoryView {
    const body = readBody(row);
    return {
      ...viewOf(row, waitOf(row, fleet, clock.now())),
      priority: row.priority > 0 ? 'high' : row.priority < 0 ? 'low' : 'normal',
      deviceId: row.device_id,
      deviceName: devices.get(row.device_id)?.name ?? '',
      sendingAt: row.sending_at,
      mayCancel: row.state === 'queued',
      maySendAgain: (body.is === 'text' || body.url !== null) && devices.get(row.device_id)?.deleted_at === null,
    };
  }

  function searchOf(filter: Omit<HistoryFilter, 'q'>, devices: ReadonlyMap<number, DeviceRow>): Search {
    const { deviceId, recipient, ...rest } = filter;
    const device = deviceId === undefined ? undefined : devices.get(deviceId);
    if (deviceId !== undefined && device === undefined) throw failure('not_found', { what: 'The device' });
    const country = (device ?? [...devices.values()][0])?.default_country ?? '62';
    return {
      ...rest,
      device_id: deviceId,
      recipient: recipient === undefined ? undefined : recipientText(normaliseRecipient(recipient, country)),
    };
  }

  const callerFor = (row: DeviceRow): Caller => ({
    accountId: row.account_id,
    deviceId: row.id,
    deviceKind: row.kind,
    defaultCountry: row.default_country,
    suspended: row.suspended_at !== null,
    rateLimit: needs.rateLimit,
    tokenId: `panel:${row.account_id}`,
    tokenSince: null,
  });

  async function callerOf(accountId: number, deviceId: number): Promise<Caller> {
    const row = await store.devices.find(accountId, deviceId);
    if (row === undefined) throw failure('not_found', { what: 'The device' });
    return callerFor(row);
  }

  async function rowOf(accountId: number, id: number): Promise<MessageRow> {
    const row = await store.histories.find(accountId, id);
    if (row === undefined) throw failure('not_found', { what: 'The message' });
    return row;
  }

  const isAsked = (q: string | undefined): q is string => q !== undefined && q.trim() !== '';

  async function search(accountId: number, filter: Search, q: string): Promise<readonly MessageRow[]> {
    const words = q.trim().toLowerCase();
    const digits = /^[\d\s()+.-]{4,}$/.test(words) ? words.replace(/\D/g, '').replace(/^0/, '') : undefined;
    const newest = await store.histories.newest(accountId, filter, SEARCHED);
    const found = newest.filter((row) => {
      if (digits !== undefined && row.recipient.includes(digits)) return true;
      const body = readBody(row);
      const texts = body.is === 'text' ? [body.text] : [body.caption, body.filename, body.url];
      return [row.recipient, row.ref, ...texts].some((text) => text?.toLowerCase().includes(words));
    });
    const exact = await store.histories.exact(accountId, filter, q.trim(), BATCH);
    const all = new Map([...found, ...exact].map((row) => [row.id, row]));
    return [...all.values()].sort((a, b) => b.id - a.id);
  }

  return {
    async list(accountId, { limit, page, q, ...filter }) {
      const devices = await devicesOf(accountId);
      const wanted = searchOf(filter, devices);
      if (!isAsked(q)) {
        const { rows, total } = await store.histories.page(accountId, wanted, limit, page);
        return { rows: rows.map((row) => view(row, devices)), total };
      }
      const all = await search(accountId, wanted, q);
      return { rows: all.slice((page - 1) * limit, page * limit).map((row) => view(row, devices)), total: all.length };
    },

    async find(accountId, id) {
      return view(await rowOf(accountId, id), await devicesOf(accountId));
    },

    async stream(accountId, { q, ...filter }, signal) {
      const devices = await devicesOf(accountId);
      const wanted = searchOf(filter, devices);
      async function* batches() {
        if (isAsked(q)) {
          const found = await search(accountId, wanted, q);
          for (let at = 0; at < found.length && !signal.aborted; at += BATCH)
            yield found.slice(at, at + BATCH).map((row) => view(row, devices));
          return;
        }
        let before: number | undefined;
        while (!signal.aborted) {
          const rows = await store.histories.newest(accountId, wanted, BATCH, before);
          if (rows.length > 0) yield rows.map((row) => view(row, devices));
          if (rows.length < BATCH) return;
          before = rows.at(-1)?.id;
        }
      }
      return batches();
    },

    callerOf,

    async ownerOf(accountId, deviceId) {
      const row = (await devicesOf(accountId)).get(deviceId);
      if (row === undefined) throw failure('not_found', { what: 'The device' });
      return callerFor(row);
    },

    async repeat(accountId, id) {
      const row = await rowOf(accountId, id);
      const caller = await callerOf(accountId, row.device_id);
      return {
        caller,
        request: {
          recipient: row.recipient,
          content: contentOf(row),
          showTyping: row.show_typing === 1,
          ref: row.ref,
          priority: row.priority,
          scheduledAt: null,
          hold: false,
          expiresIn: null,
          async: true,
          idempotencyKey: null,
        },
      };
    },
  };
}

function contentOf(row: MessageRow): SendRequest['content'] {
  const body = readBody(row);
  if (body.is === 'text') return { is: 'text', text: body.text };
  if (body.url === null) throw invalid('id', 'The file of this message is not kept any more. Please upload it again.');
  return {
    is: 'media',
    source: { url: body.url },
    mediaType: body.mediaType,
    caption: body.caption,
    filename: body.filename,
  };
}
