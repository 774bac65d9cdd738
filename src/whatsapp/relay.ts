import { setImmediate } from 'node:timers/promises';
import { proto, type WASocket } from 'baileys';
import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import type { DeviceLists } from './device-lists.ts';
import type { GroupBook } from './groups.ts';
import type { GuardedMemory } from './guarded-memory.ts';
import { bare, isChannel, isGroup, userOf } from './jid.ts';
import { LinkError } from './link.ts';
import { linkErrorOf, unanswered } from './thrown.ts';

export interface Relay {
  relay(chat: string, bytes: Uint8Array, whatsappId: string): Promise<void>;
  refreshDevices(chat: string): Promise<void>;
}

/** A send asks for devices, for groups and for keys; each answer may take its whole time. */
const STUCK_AFTER_QUERIES = 3;

type Sock = Pick<WASocket, 'relayMessage' | 'getUSyncDevices' | 'messageRetryManager' | 'user'>;

export function createRelay({
  sock,
  devices,
  groups,
  memory,
  clock,
  queryTimeoutMs,
  onStuck,
  onLateFailure,
}: {
  sock: Sock;
  devices: DeviceLists;
  groups: Pick<GroupBook, 'metadata' | 'forget'>;
  memory: Pick<GuardedMemory, 'fault' | 'clearFault'>;
  clock: Pick<Clock, 'monotonic' | 'after'>;
  queryTimeoutMs: number;
  /** Nothing more can be written on this connection. */
  onStuck: () => void;
  /** Something failed after the stanza was on the wire. */
  onLateFailure: (error: Error) => void;
}): Relay {
  const own = () => new Set([sock.user?.id, sock.user?.lid].flatMap((jid) => (jid ? [userOf(jid)] : [])));
  const written = watchWritten(sock, (to) => own().has(userOf(to)));

  const recipientsOf = async (chat: string): Promise<string[]> =>
    isGroup(chat) ? (await groups.metadata(chat)).participants.map(({ id }) => bare(id)) : [chat];

  /**
   * Baileys takes an unanswered question for the list of devices as "no devices" and writes the message to nobody, without an
   * error (protocol facts 0.3). So the question is asked here first, and the answers are held for the send.
   */
  async function findDevices(chat: string): Promise<string[]> {
    // What is posted in a channel goes to WhatsApp as it is, for nobody's device in particular.
    if (isChannel(chat)) return [];
    const recipients = await recipientsOf(chat);
    const me = sock.user?.id ? [bare(sock.user.id)] : [];
    const began = clock.monotonic();
    const late = () => clock.monotonic() - began >= queryTimeoutMs - 100;
    const found = await sock.getUSyncDevices(isGroup(chat) ? recipients : [...me, chat], true, false);
    const reached = new Set(found.map(({ user }) => user));
    const ours = own();
    const others = recipients.map(userOf).filter((user) => !isGroup(chat) || !ours.has(user));
    const missing = others.filter((user) => !reached.has(user));
    if (missing.length > 0 && late()) throw unanswered('asking for the devices of the recipient');
    if (others.length > 0 && missing.length === others.length)
      throw new LinkError('no_devices', 'WhatsApp names no device of the recipient.');
    return [...reached];
  }

  async function send(chat: string, message: proto.IMessage, whatsappId: string): Promise<void> {
    const release = await devices.hold(await findDevices(chat));
    const began = clock.monotonic();
    written.begin(whatsappId);
    try {
      await sock.relayMessage(chat, message, { messageId: whatsappId });
    } catch (thrown) {
      if (written.isWritten(whatsappId)) return onLateFailure(asError(thrown));
      // An unanswered question for pre-keys ends as "All encryptions failed".
      if (clock.monotonic() - began >= queryTimeoutMs - 100 && !memory.fault) throw unanswered('asking for pre-keys');
      throw thrown;
    } finally {
      written.end(whatsappId);
      release();
    }
  }

  /** When a send last came to its end. Monotonic ms. */
  let movedAt = 0;

  /**
   * Baileys sends under one lock for the account, and fetches the account's settings under it, too (lib/Socket/chats.js: resyncAppState): a
   * question that WhatsApp does not answer is asked again, for ever. A send that waits while others come to their end is in a queue, not
   * stuck. What was given up may still be written, with the same id and bytes, until the connection is closed.
   */
  async function inTime(sending: Promise<void>): Promise<void> {
    const stuck = Promise.withResolvers<never>();
    const began = clock.monotonic();
    let cancel = clock.after(queryTimeoutMs * STUCK_AFTER_QUERIES, look);
    function look(): void {
      const left = Math.max(began, movedAt) + queryTimeoutMs * STUCK_AFTER_QUERIES - clock.monotonic();
      if (left > 0) cancel = clock.after(left, look);
      else
        stuck.reject(new LinkError('stuck', 'WhatsApp leaves a question unanswered that each message waits behind.'));
    }
    try {
      await Promise.race([sending, stuck.promise]);
      movedAt = clock.monotonic();
    } catch (error) {
      if (error instanceof LinkError && error.code === 'stuck') onStuck();
      else movedAt = clock.monotonic();
      throw error;
    } finally {
      cancel();
    }
  }

  return {
    async relay(chat, bytes, whatsappId) {
      memory.clearFault();
      try {
        await inTime(send(chat, proto.Message.decode(bytes), whatsappId));
      } catch (thrown) {
        throw linkErrorOf(memory.fault ?? thrown, 'sending a message');
      }
      // A tight loop of sends would read no acks and no receipts until it ends (protocol facts 0.10).
      await setImmediate();
    },
    async refreshDevices(chat) {
      const users = isGroup(chat)
        ? await groups.metadata(chat).then(({ participants }) => participants.map(({ id }) => userOf(id)))
        : [userOf(chat)];
      groups.forget(chat);
      await devices.mdel([...users, ...own()]);
    },
  };
}

/**
 * Whether a message under way is on the wire: Baileys notes it for retries right after it has written it. A failure after that
 * (the commit of its bookkeeping) still throws, and must not be taken for "not sent".
 *
 * What a recipient may ask for again is in the store (`findSent`). Baileys' own notes hold the last 512 messages of both directions,
 * decoded, with the buffers they came in: 14 KB each (test/soak). Only what the store does not have is left to them: reactions, and
 * Baileys' questions to the phone (`toUs`).
 */
function watchWritten({ messageRetryManager: manager }: Sock, toUs: (to: string) => boolean) {
  const underWay = new Map<string, boolean>();
  if (manager) {
    const note = manager.addRecentMessage.bind(manager);
    manager.addRecentMessage = (to, id, message) => {
      const isOurs = underWay.has(id);
      if (isOurs) underWay.set(id, true);
      if (toUs(to) || (isOurs && message.reactionMessage)) note(to, id, message);
    };
  }
  return {
    begin: (id: string) => underWay.set(id, false),
    isWritten: (id: string) => underWay.get(id) === true,
    end: (id: string) => underWay.delete(id),
  };
}
