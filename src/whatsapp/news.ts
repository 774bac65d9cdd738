import type { BaileysEventMap, BinaryNode, WASocket } from 'baileys';
import type { Clock } from '../base/clock.ts';
import type { DeviceAuth } from './auth-state.ts';
import type { Device } from './device.ts';
import { usersOfChange } from './device-lists.ts';
import { closeCodes } from './disconnects.ts';
import { tapEvents } from './events.ts';
import type { GroupBook } from './groups.ts';
import { afterOfflineQueue, tellViewOnce } from './hardening.ts';
import { incomingOf } from './inbound.ts';
import { bare, isGroup, lidOf, phoneOf } from './jid.ts';
import type { Incoming, LinkEvent } from './link.ts';
import { watchPhone } from './phone.ts';
import { receiptsOfGroup, receiptsOfMembers, receiptsOfMessages, receiptsOfUpdates } from './receipts.ts';
import type { Reupload } from './reupload.ts';
import { closing, statusOf } from './thrown.ts';

/** A QR code lives for 60 s, each one after it for 20 s (lib/Socket/socket.js: genPairQR). */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
/** A ban whose end WhatsApp does not tell is looked at again after an hour. */
const UNTOLD_BAN_MS = 60 * 60_000;
/** What WhatsApp sends to a client that must show a passkey (Baileys pull request 2696); this Baileys cannot answer. */
const PASSKEY_NOTIFICATIONS = ['passkey_prologue_request', 'crsc_continuation'];
const REFUSED_NEW_CHAT = 463;
/** Chats whose hash of devices is remembered. */
const HASHES = 500;

export interface News {
  /** A QR code is shown, and nobody has scanned it yet. */
  readonly isPairing: boolean;
  /** Resolves when everything that was heard until now is told. */
  settled(): Promise<void>;
}

/** Makes the contract's events of what Baileys and the socket say. */
export function tellNews({
  sock,
  auth,
  device,
  groups,
  reupload,
  turns,
  refreshDevices,
  clock,
  emit,
  onLoggedIn,
  onClosed,
  note,
}: {
  sock: WASocket;
  auth: DeviceAuth;
  device: Pick<Device, 'envelopes' | 'lists'>;
  groups: Pick<GroupBook, 'forget'>;
  reupload: Reupload;
  /** Live messages wait here until those that waited offline are worked off. */
  turns: { hold(until: Promise<void>): void };
  refreshDevices: (chat: string) => Promise<void>;
  clock: Pick<Clock, 'now'>;
  emit: (event: LinkEvent) => void;
  /** WhatsApp has answered: the login is accepted, or a QR code may be shown. */
  onLoggedIn: () => void;
  /** At once, before `closed` is told. */
  onClosed: () => void;
  note: (error: unknown, reason: string) => void;
}): News {
  const { creds } = auth;
  let codesShown = 0;
  let pairing = false;
  let open = false;
  let drained = false;
  let asksForLock = false;
  const hashes = new Map<string, string>();

  /** What must be told in order although something has to be waited for. */
  let tail: Promise<void> = Promise.resolve();
  const inOrder = (tell: () => void | Promise<void>): void => {
    tail = tail.then(tell).catch((error) => note(error, 'an event could not be told'));
  };

  const account = () => ({
    phone: phoneOf(creds.me?.id) ?? '',
    lid: lidOf(creds.me?.lid),
    name: creds.me?.name ?? null,
  });

  function caughtUp(): void {
    if (open && drained) inOrder(() => emit({ type: 'caught_up' }));
  }

  /** Whoever shows no phone number may be known from before. */
  async function resolvePhone(message: Incoming): Promise<Incoming> {
    const lid = message.fromMe ? lidOf(message.chat) : message.lid;
    if (lid === null || (message.fromMe ? message.chatPhone : message.phone) !== null) return message;
    const known = await sock.signalRepository.lidMapping.getPNForLID(lid).catch((error) => {
      note(error, 'the phone number of a sender could not be looked up');
      return null;
    });
    const phone = phoneOf(known);
    if (message.fromMe) return { ...message, chatPhone: phone };
    return { ...message, phone, chatPhone: isGroup(message.chat) ? null : phone };
  }

  function onMessages({ messages, type }: BaileysEventMap['messages.upsert']): void {
    for (const receipt of receiptsOfMessages(messages, clock.now())) emit(receipt);
    const me = { jid: bare(creds.me?.id ?? ''), lid: lidOf(creds.me?.lid) };
    for (const wa of messages) {
      const message = incomingOf(wa, type, me);
      if (message) inOrder(async () => emit(await resolvePhone(message)));
    }
  }

  function onUpdate(update: BaileysEventMap['connection.update']): void {
    if (update.qr) {
      pairing = true;
      const lifetime = codesShown++ === 0 ? FIRST_QR_MS : NEXT_QR_MS;
      emit({ type: 'qr', qr: update.qr, expiresAt: clock.now() + lifetime });
    }
    if (update.isNewLogin) {
      pairing = false;
      inOrder(async () => {
        await auth.credsSaved();
        emit({ type: 'paired', ...account() });
      });
    }
    if (update.connection === 'open') {
      open = true;
      emit({ type: 'open', ...account() });
      caughtUp();
      // The account's own name stands in its settings; the first pairing does not bring it.
      if (!creds.me?.name)
        sock
          .resyncAppState(['critical_block'], true)
          .catch((error) => note(error, 'the settings were not synchronised'));
    }
    if (update.receivedPendingNotifications) {
      const { promise, resolve } = Promise.withResolvers<void>();
      turns.hold(promise);
      afterOfflineQueue(sock, () => {
        resolve();
        drained = true;
        caughtUp();
      });
    }
    if (update.reachoutTimeLock) {
      const { isActive, timeEnforcementEnds } = update.reachoutTimeLock;
      if (isActive) emit({ type: 'time_lock', until: timeEnforcementEnds?.getTime() ?? null });
      else if (!asksForLock) emit({ type: 'time_lock', until: clock.now() });
    }
    if (update.connection === 'close') onClose(update.lastDisconnect?.error);
  }

  function onClose(thrown: Error | undefined): void {
    onClosed();
    const error = thrown ?? new Error('The connection was closed.');
    const status = statusOf(error);
    // Baileys says 408 for used-up QR codes and for a lost connection alike; while pairing, only the first ends the pairing.
    const code = status === 408 && pairing && !/QR refs/.test(error.message) ? 428 : status;
    inOrder(async () => {
      await auth.credsSaved().catch((failure) => note(failure, 'the credentials were not stored'));
      emit({ type: 'closed', code, error, ...(code === 402 ? { expiresAt: endOfBan(error, clock.now()) } : {}) });
    });
  }

  tapEvents(
    sock,
    {
      'creds.update': () => void auth.saveCreds().catch((error) => note(error, 'the credentials were not stored')),
      'connection.update': onUpdate,
      'messages.upsert': onMessages,
      'messages.update': (updates) => receiptsOfUpdates(updates, clock.now()).forEach(emit),
      'message-receipt.update': (updates) => receiptsOfMembers(updates, clock.now()).forEach(emit),
      'messages.media-update': reupload.hear,
      'message-capping.update': (notice) => emit({ type: 'capping', notice: flat(notice) }),
      'groups.update': (changed) => {
        for (const { id } of changed) if (id) groups.forget(id);
      },
      'groups.upsert': (made) => {
        for (const { id } of made) groups.forget(id);
      },
      'group-participants.update': ({ id }) => groups.forget(id),
    },
    (error) => note(error, 'an event could not be told'),
  );

  async function onAck({ attrs }: BinaryNode): Promise<void> {
    const { id, error, t, phash, from } = attrs;
    if (!id) return;
    const code = error ? Number(error) || 0 : null;
    emit({ type: 'ack', whatsappId: id, serverTime: Number(t) || Math.floor(clock.now() / 1000), code });
    if (phash && from) await compareHash(bare(from), phash);
    if (code === REFUSED_NEW_CHAT) await askForLock();
  }

  /**
   * WhatsApp's hash of a chat's devices. How it is made is not known well enough to be compared with ours (Baileys and whatsmeow
   * differ), and a refresh without need burns pre-keys of everybody; but another hash than last time says that the list has changed.
   */
  async function compareHash(chat: string, hash: string): Promise<void> {
    const before = hashes.get(chat);
    hashes.delete(chat);
    hashes.set(chat, hash);
    const [oldest] = hashes.keys();
    if (hashes.size > HASHES && oldest !== undefined) hashes.delete(oldest);
    if (before !== undefined && before !== hash) await refreshDevices(chat);
  }

  /** 463 tells no end; the end of the lock has to be asked for. Baileys does so for every code but this one. */
  async function askForLock(): Promise<void> {
    emit({ type: 'time_lock', until: null });
    if (asksForLock) return;
    asksForLock = true;
    try {
      await sock.fetchAccountReachoutTimelock();
    } finally {
      asksForLock = false;
    }
  }

  sock.ws.prependListener('CB:message', device.envelopes.remember);
  tellViewOnce(sock);
  sock.ws.on('CB:ack,class:message', (node: BinaryNode) => {
    onAck(node).catch((error) => note(error, 'after an ack'));
  });
  // Before Baileys, which would go on from the list that it finds.
  for (const type of ['devices', 'account_sync'])
    sock.ws.prependListener(`CB:notification,type:${type}`, (node: BinaryNode) => {
      device.lists
        .mdel(usersOfChange(node, [creds.me?.id, creds.me?.lid]))
        .catch((error) => note(error, 'a changed list of devices was not dropped'));
    });
  sock.ws.on('CB:receipt', (node: BinaryNode) => receiptsOfGroup(node, clock.now()).forEach(emit));
  watchPhone(sock, { own: () => [creds.me?.id, creds.me?.lid], clock, emit });
  sock.ws.on('CB:success', onLoggedIn);
  sock.ws.on('CB:iq,type:set,pair-device', onLoggedIn);
  for (const type of PASSKEY_NOTIFICATIONS)
    sock.ws.on(`CB:notification,type:${type}`, () => {
      sock
        .end(closing(closeCodes.passkeyRequired, 'WhatsApp asks for a passkey to link this account.'))
        .catch((error) => note(error, 'ending a socket'));
    });

  return {
    get isPairing() {
      return pairing;
    },
    settled: () => tail,
  };
}

/** `<failure reason='402' expire='…'>`: seconds from now; a large number is a Unix time in seconds. */
function endOfBan(error: Error, now: number): number {
  const { data } = error as { data?: { expire?: unknown } };
  const seconds = Number(data?.expire);
  if (!Number.isFinite(seconds) || seconds <= 0) return now + UNTOLD_BAN_MS;
  return seconds > 1_000_000_000 ? seconds * 1000 : now + seconds * 1000;
}

const flat = (notice: object): Record<string, string | number | boolean> =>
  Object.fromEntries(
    Object.entries(notice).filter(
      (entry): entry is [string, string | number | boolean] =>
        typeof entry[1] === 'string' || typeof entry[1] === 'number' || typeof entry[1] === 'boolean',
    ),
  );
