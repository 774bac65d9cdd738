import type { Clock } from '../base/clock.ts';
import { asError, type Failure, failure, isFailure } from '../base/errors.ts';
import type { Failpoint } from '../base/failpoints.ts';
import type { Log } from '../base/log.ts';
import type { MessageRow, Messages as MessageStore, Owner } from '../store/index.ts';
import { type Content, type Link, LinkError } from '../whatsapp/link.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import { readBody, sentAs } from './body.ts';
import type { MediaFetcher } from './media.ts';
import { isChannel } from './recipients.ts';
import type { Registrations } from './registrations.ts';

/**
 * One message's way out, in the order of writes that loses and doubles nothing (design: sending.md):
 * prepare → freeze the bytes and mark `sending` (one durable transaction) → relay → acknowledgement → outcome.
 * From the mark on, the row's outcome is unknown until WhatsApp says so, and every re-send carries the same id and the same bytes.
 */
export interface Delivery {
  /**
   * A `queued` row. Resolves when the row has its outcome, goes back to the queue, or stays `sending` (unknown). `tried` is called once
   * its bytes are frozen: from then on WhatsApp may have it.
   */
  deliver(row: MessageRow, link: Link, signal: AbortSignal, tried: () => void): Promise<void>;
  /** A row that was left in `sending`: the same stanza once more, or its end when its lifetime is over. */
  resume(row: MessageRow, link: Link, signal: AbortSignal): Promise<void>;
}

export interface DeliveryNeeds {
  readonly owner: Owner;
  readonly messages: Pick<
    MessageStore,
    'markSending' | 'markSent' | 'markFailed' | 'markExpired' | 'requeue' | 'findProto' | 'markResending'
  >;
  readonly registrations: Registrations;
  readonly acknowledgements: Acknowledgements;
  readonly media: Pick<MediaFetcher, 'fetch' | 'claimUpload' | 'discard'>;
  /** Milliseconds that "typing…" shows before a message; 0 for sandbox devices. */
  readonly typingMs: (content: Content) => number;
  /** Tells the row's new state to whoever waits; the write is durable by then. */
  readonly changed: (row: MessageRow) => void;
  /** A row could not be taken; whether it still waits, the queue knows. */
  readonly held: () => void;
  readonly durable: () => Promise<void>;
  /** For what is no promise to anybody: durable a moment later, together with others. */
  readonly durableSoon: () => void;
  /** WhatsApp took a message to this recipient. */
  readonly wroteTo: (recipient: string) => Promise<void>;
  /** Milliseconds from the written stanza to its acknowledgement. */
  readonly acknowledged: (tookMs: number) => void;
  /** The keys of this device could not be stored: nothing goes out until they can. */
  readonly storeFailed: () => void;
  /** The connection refuses everything: it is closed, whether or not that was told already. */
  readonly lineClosed: (link: Link) => void;
  /** Nothing is acknowledged on this connection, or nothing can be written. */
  readonly stalled: (link: Link) => void;
  readonly failpoint: Failpoint;
  readonly clock: Clock;
  readonly log: Log;
}

/** WhatsApp answers in well under a second; after this the outcome counts as unknown (sending.md 8). */
export const ACK_WITHIN_MS = 15_000;
/** Stanzas of one message that stay without an answer before it counts as failed. */
export const MOST_UNANSWERED = 5;
/** Between tries of what could not be prepared: rate limits, time-outs, a store that failed. Seconds. */
const RETRY_SECONDS = [2, 10, 30, 60, 300] as const;
/** Tries of a preparation that WhatsApp or a media host refused in a way that may pass. */
const MOST_PREPARATIONS = 4;
const STORE_PAUSE_MS = 2_000;

export function createDelivery(needs: DeliveryNeeds): Delivery {
  const { owner, messages, clock, log } = needs;
  const preparations = new Map<number, number>();
  /**
   * Stanzas without an answer, of this process. Not `row.attempts`, which also counts the tries of processes that were killed before
   * they wrote anything: five kills in a row made a message fail that WhatsApp had never seen (test/crash: 8 of 188 in 20 kills). A
   * row that is never settled ends with its lifetime.
   */
  const unanswered = new Map<number, number>();

  function withoutAnswer(row: MessageRow): number {
    const times = (unanswered.get(row.id) ?? 0) + 1;
    // Rows that a late receipt settled leave their entry behind.
    if (unanswered.size >= 1_000) unanswered.clear();
    unanswered.set(row.id, times);
    return times;
  }

  /** What WhatsApp refused goes out no more, whatever becomes of the database meanwhile: a stranger would get it twice. */
  async function fail(row: MessageRow, cause: Failure, signal: AbortSignal): Promise<void> {
    preparations.delete(row.id);
    unanswered.delete(row.id);
    const failed = await untilStored(clock, signal, () =>
      messages.markFailed(owner, row.id, cause.code, cause.message, clock.now()),
    );
    await needs.durable();
    const body = readBody(row);
    if (body.is === 'media' && body.upload !== null) await needs.media.discard(body.upload);
    if (failed !== undefined) needs.changed(failed);
  }

  /** Its lifetime is over before anybody knows what became of it: it goes out no more. A receipt may still tell. */
  async function expire(row: MessageRow, signal: AbortSignal): Promise<void> {
    unanswered.delete(row.id);
    const expired = await untilStored(clock, signal, () => messages.markExpired(owner, row.id, clock.now()));
    await needs.durable();
    if (expired !== undefined) needs.changed(expired);
  }

  async function later(row: MessageRow, why: string, signal: AbortSignal, giveUp = false): Promise<void> {
    const tries = (preparations.get(row.id) ?? 0) + 1;
    preparations.set(row.id, tries);
    if (giveUp && tries > MOST_PREPARATIONS) return fail(row, failure('send_failed', { reason: why }), signal);
    const seconds = RETRY_SECONDS[Math.min(tries, RETRY_SECONDS.length) - 1] ?? 300;
    const waiting = await messages.requeue(owner, row.id, clock.now() + seconds * 1000, 'retry');
    if (waiting !== undefined) needs.changed(waiting);
  }

  /** The chat's JID; a number is looked up first, since WhatsApp takes a message to anybody and delivers it to nobody. */
  async function address(row: MessageRow, link: Link): Promise<string> {
    if (row.recipient.includes('@')) return row.recipient;
    const registration = await needs.registrations.find(link, row.recipient);
    if (registration === null) throw failure('number_not_registered', { number: row.recipient });
    return registration.jid;
  }

  async function prepare(row: MessageRow, link: Link, signal: AbortSignal) {
    const chat = await address(row, link);
    const body = readBody(row);
    const quoted = body.quoted && { ...body.quoted, message: Buffer.from(body.quoted.message, 'base64') };
    const options = { chat, whatsappId: row.whatsapp_id, ...(quoted && { quoted }) };
    if (body.is === 'text') {
      const content: Content = { type: 'text', text: body.text };
      return { chat, content, type: 'text' as const, proto: await link.encode(content, options) };
    }
    const file =
      body.upload !== null
        ? needs.media.claimUpload(body.upload)
        : await needs.media.fetch(body.url ?? '', {
            ...(body.mediaType === null ? {} : { declaredType: body.mediaType }),
            ...(body.filename === null ? {} : { filename: body.filename }),
            accountId: row.account_id,
            signal,
          });
    // A download can be fetched again; the upload is all there is, and stays until its row is frozen or has ended.
    const spare = body.upload === null ? file.remove : undefined;
    try {
      const content: Content = {
        type: sentAs(file.kind, body.caption),
        path: file.path,
        mimetype: file.mimetype,
        fileName: file.fileName,
        bytes: file.bytes,
        ...(body.caption === null ? {} : { caption: body.caption }),
      };
      const proto = await link.encode(content, options);
      return { chat, content, type: content.type, proto, release: file.remove, spare };
    } catch (error) {
      await spare?.();
      throw error;
    }
  }

  async function showTyping(row: MessageRow, chat: string, content: Content, link: Link, signal: AbortSignal) {
    if (row.show_typing === 0 || isChannel(chat)) return;
    try {
      await link.showPresence(chat, content.type === 'audio' ? 'recording' : 'composing');
      const ms = needs.typingMs(content);
      if (ms > 0) await clock.sleep(ms, signal);
    } catch (error) {
      // A courtesy to the reader, never a reason not to send.
      if (signal.aborted) throw error;
      log.debug({ message: row.id, err: asError(error) }, 'typing could not be shown');
    }
  }

  async function deliver(row: MessageRow, link: Link, signal: AbortSignal, tried: () => void): Promise<void> {
    let prepared: Awaited<ReturnType<typeof prepare>> | undefined;
    try {
      prepared = await prepare(row, link, signal);
      await showTyping(row, prepared.chat, prepared.content, link, signal);
    } catch (error) {
      await prepared?.spare?.();
      // Too many downloads of this account, or the disk is full: our trouble, and it passes.
      if (isFailure(error, 'rate_limited') || isFailure(error, 'temporarily_unavailable'))
        return later(row, error.message, signal);
      if (isFailure(error)) return fail(row, error, signal);
      if (signal.aborted) return;
      if (!(error instanceof LinkError)) throw error;
      return refusePreparation(row, error, link, signal);
    }
    const { chat, type, proto, release, spare } = prepared;
    let marked: MessageRow | undefined;
    try {
      needs.failpoint('prepared');
      marked = await messages.markSending(owner, row.id, { chat, type, proto, now: clock.now() });
    } finally {
      // Once it is frozen nobody needs the file again; a row that was not taken may only be held, and goes out later.
      await (marked === undefined ? spare : release)?.();
    }
    preparations.delete(row.id);
    // Cancelled or expired while it was prepared, or an earlier one of its recipient holds it.
    if (marked === undefined) return needs.held();
    tried();
    needs.failpoint('marked');
    return transmit(marked, proto, link, signal);
  }

  function refusePreparation(row: MessageRow, error: LinkError, link: Link, signal: AbortSignal): Promise<void> {
    switch (error.code) {
      case 'closed':
      case 'unreadable':
        // The row stays queued; the next connection takes it up.
        needs.lineClosed(link);
        return Promise.resolve();
      case 'stuck':
        needs.stalled(link);
        return Promise.resolve();
      case 'not_registered':
        return fail(row, failure('number_not_registered', { number: row.recipient }), signal);
      case 'not_in_group':
        return fail(row, failure('send_failed', { reason: 'this device is not a member of the group.' }), signal);
      case 'rejected':
        return fail(row, failure('send_failed', { reason: error.message }), signal);
      case 'timed_out':
      case 'rate_limited':
      case 'store':
        if (error.code === 'store') needs.storeFailed();
        return later(row, error.message, signal);
      case 'no_devices':
      case 'media_failed':
        return later(row, error.message, signal, true);
    }
  }

  /** Writes the stanza and waits for its answer, again and again on one connection while there is reason to hope. */
  async function transmit(row: MessageRow, proto: Uint8Array, link: Link, signal: AbortSignal): Promise<void> {
    let current = row;
    for (;;) {
      const writtenAt = clock.monotonic();
      const expected = needs.acknowledgements.expect(row.whatsapp_id, ACK_WITHIN_MS);
      let trouble: LinkError | undefined;
      try {
        await link.relay(current.chat, proto, current.whatsapp_id);
        needs.failpoint('relayed');
      } catch (error) {
        if (!(error instanceof LinkError)) {
          expected.forget();
          throw error;
        }
        trouble = error;
      }
      if (trouble !== undefined) {
        expected.forget();
        if (trouble.code === 'closed' || trouble.code === 'unreadable') return needs.lineClosed(link);
        if (trouble.code === 'store') {
          // Nothing is on the wire before its keys are durable: this was no attempt, and the store may come back.
          needs.storeFailed();
          if (clock.now() >= current.expires_at) return expire(current, signal);
          await clock.sleep(STORE_PAUSE_MS, signal);
          continue;
        }
        if (trouble.code === 'stuck') {
          // Nothing was written, as far as is known: no attempt either. The next connection takes the row up, like any that is unknown.
          if (clock.now() >= current.expires_at) return expire(current, signal);
          return needs.stalled(link);
        }
        const times = withoutAnswer(row);
        log.warn({ message: row.id, code: trouble.code, attempt: current.attempts }, 'the stanza could not be written');
        if (times >= MOST_UNANSWERED) return fail(current, failure('send_failed', { reason: trouble.message }), signal);
        await clock.sleep(1000 * 2 ** times, signal);
      } else {
        const answer = await expected.answer;
        if (answer.is === 'acknowledged') {
          needs.acknowledged(clock.monotonic() - writtenAt);
          return sent(current, answer.serverTime, signal);
        }
        if (answer.is === 'refused') {
          if (answer.code !== STALE_ADDRESSING || withoutAnswer(row) >= MOST_UNANSWERED)
            return refused(current, answer.code, signal);
          await link.refreshDevices(current.chat);
        } else {
          log.warn({ message: row.id, attempt: current.attempts, reason: answer.because }, 'no acknowledgement came');
          if (withoutAnswer(row) >= MOST_UNANSWERED)
            return fail(current, failure('send_failed', { reason: 'WhatsApp did not acknowledge it.' }), signal);
          if (answer.because === 'closed') return;
          if (needs.acknowledgements.lastAt < writtenAt) return needs.stalled(link);
        }
      }
      if (clock.now() >= current.expires_at) return expire(current, signal);
      const again = await messages.markResending(owner, row.id, clock.now());
      // A receipt settled it meanwhile.
      if (again === undefined) return;
      current = again;
    }
  }

  async function sent(row: MessageRow, serverTime: number, signal: AbortSignal): Promise<void> {
    unanswered.delete(row.id);
    needs.failpoint('acknowledged');
    const marked = await untilStored(clock, signal, () =>
      messages.markSent(owner, row.whatsapp_id, serverTime, clock.now()),
    );
    await needs.wroteTo(row.recipient);
    needs.durableSoon();
    needs.failpoint('sent');
    // A receipt that came first has told of the row already.
    if (marked?.state === 'sent') needs.changed(marked);
  }

  const refused = (row: MessageRow, code: number, signal: AbortSignal): Promise<void> =>
    fail(row, failure('refused_by_whatsapp', { code, advice: adviceFor(code) }), signal);

  return {
    deliver,
    async resume(row, link, signal) {
      if (clock.now() >= row.expires_at) return expire(row, signal);
      const proto = await messages.findProto(owner.device_id, row.whatsapp_id);
      if (proto === undefined)
        return fail(row, failure('send_failed', { reason: 'its content is no longer stored.' }), signal);
      const marked = await messages.markResending(owner, row.id, clock.now());
      if (marked === undefined) return;
      return transmit(marked, proto, link, signal);
    },
  };
}

/**
 * What WhatsApp said once and will not say again: written as soon as the database is back, for as long as this node keeps the device. A
 * database that was away for a second left chats waiting until the next reconnect (test/cluster, seed 1).
 */
export async function untilStored<T>(clock: Clock, signal: AbortSignal, write: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await write();
    } catch (error) {
      if (!isFailure(error, 'temporarily_unavailable') || signal.aborted) throw error;
      await clock.sleep(STORE_PAUSE_MS, signal);
    }
}

/** Ack error 479: the device list was stale; refresh it and send once more (facts/baileys 9). */
const STALE_ADDRESSING = 479;

function adviceFor(code: number): string {
  switch (code) {
    case 463:
      return 'This number may not open new conversations for a while. Chats that were answered go on working; please wait before writing to new contacts.';
    case 479:
      return 'The recipient changed devices while the message was sent. Please try again.';
    default:
      return 'Please check the recipient and try again later.';
  }
}
