import type { Clock } from '../base/clock.ts';
import { failure } from '../base/errors.ts';
import type { DeviceRow, MessageState, Store } from '../store/index.ts';

/** The simulated WhatsApp network as the gateway may use it; `src/sandbox.ts` makes one of the simulator. */
export interface SandboxNetwork {
  /** Digits of a sandbox device's handset. */
  handsetOf(deviceId: number): string;
  /** Whether a number is some device's handset: nobody plays another tenant's phone. */
  isHandset(number: string): boolean;
  /** The numbers with fixed manners. */
  readonly numbers: readonly { readonly number: string; readonly meaning: string }[];
  /** Whom a handset has written to or heard from, who was last first. */
  contactsOf(handset: string): readonly string[];
  /** The oldest first. */
  bubbles(handset: string, contact: string): readonly NetworkBubble[];
  /** What the contact writes; resolves when the network has it. */
  write(contact: string, handset: string, text: string): Promise<{ readonly id: string }>;
  /** The contact reads all from this handset. */
  read(contact: string, handset: string): void;
  nameOf(contact: string): string | null;
}

export interface NetworkBubble {
  readonly id: string;
  readonly from: 'device' | 'contact';
  readonly text: string | null;
  readonly media: { readonly kind: string; readonly name: string | null; readonly mimetype: string | null } | null;
  /** Unix ms. */
  readonly at: number;
  /** The contact has it; false: only the phone's own copy is there. */
  readonly arrived: boolean;
  readonly isRead: boolean;
}

export interface Bubble {
  readonly id: string;
  readonly from: 'device' | 'contact';
  readonly text: string | null;
  readonly media: NetworkBubble['media'];
  readonly at: number;
  readonly ticks: 'sent' | 'delivered' | 'read' | null;
  readonly messageId: number | null;
}

export interface Conversation {
  readonly number: string;
  readonly name: string | null;
  readonly manner: string | null;
  readonly unread: number;
  readonly last: Bubble | null;
}

/** The phone on the page of a sandbox device: what its contacts see, and their answers. Throws `not_found` for any other device. */
export interface SandboxPhones {
  look(
    accountId: number,
    deviceId: number,
  ): Promise<{
    readonly phoneNumber: string;
    readonly conversations: readonly Conversation[];
    readonly numbers: SandboxNetwork['numbers'];
  }>;
  read(
    accountId: number,
    deviceId: number,
    contact: string,
  ): Promise<{ readonly conversation: Conversation; readonly bubbles: readonly Bubble[] }>;
  /** Throws `device_not_connected`. */
  answer(accountId: number, deviceId: number, contact: string, text: string): Promise<Bubble>;
  markRead(accountId: number, deviceId: number, contact: string): Promise<void>;
}

const SHOWN = 200;
const MOST_CONVERSATIONS = 100;

export function createSandboxPhones({
  store,
  network,
  clock,
}: {
  readonly store: Pick<Store, 'devices' | 'histories'>;
  /** Undefined while the sandbox is off. */
  readonly network: () => SandboxNetwork | undefined;
  readonly clock: Pick<Clock, 'now'>;
}): SandboxPhones {
  async function open(accountId: number, deviceId: number, contact?: string) {
    const device = await store.devices.find(accountId, deviceId);
    const net = network();
    if (device?.kind !== 'sandbox' || net === undefined || (contact !== undefined && net.isHandset(contact)))
      throw failure('not_found', { what: 'The sandbox phone' });
    return { device, net, handset: net.handsetOf(deviceId) };
  }

  /** The ticks are the gateway's own word for the message, where it has one: what the sender knows. */
  async function told(device: DeviceRow, bubbles: readonly NetworkBubble[]): Promise<Bubble[]> {
    const sent = bubbles.filter(({ from }) => from === 'device').map(({ id }) => id);
    const states = await store.histories.states(device.account_id, device.id, sent);
    return bubbles.map((bubble) => {
      const row = states.get(bubble.id);
      return {
        id: bubble.id,
        from: bubble.from,
        text: bubble.text,
        media: bubble.media,
        at: bubble.at,
        ticks: bubble.from === 'contact' ? null : ticksOf(bubble, row?.state),
        messageId: row?.id ?? null,
      };
    });
  }

  async function conversationOf(device: DeviceRow, net: SandboxNetwork, contact: string): Promise<Conversation> {
    const bubbles = net.bubbles(net.handsetOf(device.id), contact);
    const [last] = await told(device, bubbles.slice(-1));
    return {
      number: contact,
      name: net.nameOf(contact),
      manner: net.numbers.find(({ number }) => number === contact)?.meaning ?? null,
      unread: bubbles.filter(({ from, arrived, isRead }) => from === 'device' && arrived && !isRead).length,
      last: last ?? null,
    };
  }

  return {
    async look(accountId, deviceId) {
      const { device, net, handset } = await open(accountId, deviceId);
      const conversations = [];
      for (const contact of net.contactsOf(handset).slice(0, MOST_CONVERSATIONS))
        conversations.push(await conversationOf(device, net, contact));
      return { phoneNumber: handset, conversations, numbers: net.numbers };
    },

    async read(accountId, deviceId, contact) {
      const { device, net, handset } = await open(accountId, deviceId, contact);
      return {
        conversation: await conversationOf(device, net, contact),
        bubbles: await told(device, net.bubbles(handset, contact).slice(-SHOWN)),
      };
    },

    async answer(accountId, deviceId, contact, text) {
      const { device, net, handset } = await open(accountId, deviceId, contact);
      // Without keys of a linked phone there is nobody to encrypt for.
      if (device.phone === null) throw failure('device_not_connected');
      const { id } = await net.write(contact, handset, text);
      return { id, from: 'contact', text, media: null, at: clock.now(), ticks: null, messageId: null };
    },

    async markRead(accountId, deviceId, contact) {
      const { net, handset } = await open(accountId, deviceId, contact);
      net.read(contact, handset);
    },
  };
}

function ticksOf({ arrived, isRead }: NetworkBubble, state: MessageState | undefined): Bubble['ticks'] {
  if (state === 'read' || state === 'delivered' || state === 'sent') return state;
  if (state === undefined && isRead) return 'read';
  return state === undefined && arrived ? 'delivered' : 'sent';
}
