import type { Network, Phone } from '../../simulator/index.ts';
import { systemRandom, whatsappId } from '../../src/base/ids.ts';
import {
  type Content,
  createOpenLink,
  type Link,
  type LinkEvent,
  type LinkSettings,
  type Route,
} from '../../src/whatsapp/index.ts';
import { createMemory, type PlainMemory } from '../support/memory.ts';

type Event<T extends LinkEvent['type']> = Extract<LinkEvent, { type: T }>;

/** Short enough that a test of silence does not wait, long enough for two busy cores. */
export const QUICK: Partial<LinkSettings> = { queryTimeoutMs: 3_000, loginTimeoutMs: 8_000 };

/** A device of ours on a simulated network: what it remembers, and the link that is open now. */
export class TestDevice {
  readonly phone: Phone;
  readonly memory: PlainMemory;
  readonly network: Network;
  readonly sent = new Map<string, Uint8Array>();
  /** Of the link that is open now. */
  events: LinkEvent[] = [];
  route: Route;
  readonly #openLink: ReturnType<typeof createOpenLink>;
  #link: Link | undefined;
  #watchers = new Set<() => void>();

  constructor(network: Network, number: string, settings: Partial<LinkSettings> = {}, memory = createMemory()) {
    this.network = network;
    this.phone = network.phone(number);
    this.memory = memory;
    this.route = { url: network.url, mediaAuthority: network.mediaAuthority, rootKey: network.rootKey };
    this.#openLink = createOpenLink({ ...QUICK, ...settings });
  }

  get link(): Link {
    if (!this.#link) throw new Error('no link was opened');
    return this.#link;
  }

  get jid(): string {
    return this.phone.jid;
  }

  async open(): Promise<Link> {
    this.events = [];
    const { events } = this;
    this.#link = await this.#openLink({
      route: this.route,
      memory: this.memory,
      findSent: async (id) => this.sent.get(id),
      onEvent: (event) => {
        events.push(event);
        for (const look of [...this.#watchers]) look();
      },
    });
    return this.#link;
  }

  /** Waits for what `find` gives; it is asked again after each event. */
  until<T>(what: string, find: () => T | undefined, timeoutMs = 15_000): Promise<T> {
    const now = find();
    if (now !== undefined) return Promise.resolve(now);
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const look = () => {
        const found = find();
        if (found === undefined) return;
        stop();
        resolve(found);
      };
      const timer = setTimeout(() => {
        stop();
        const heard = this.events.map(({ type }) => type).join(' ');
        reject(
          new Error(`waited ${timeoutMs} ms in vain for ${what}; heard: ${heard}\n${this.network.faults.report()}`),
        );
      }, timeoutMs);
      this.#watchers.add(look);
    });
  }

  next<T extends LinkEvent['type']>(type: T, fits: (event: Event<T>) => boolean = () => true): Promise<Event<T>> {
    return this.until(type, () => this.all(type).find(fits));
  }

  all<T extends LinkEvent['type']>(type: T): Event<T>[] {
    return this.events.filter((event): event is Event<T> => event.type === type);
  }

  /** By QR code, through the restart, until everything is caught up. */
  async pair(): Promise<this> {
    await this.open();
    const { qr } = await this.next('qr');
    await this.phone.scan(qr);
    await this.next('closed', ({ code }) => code === 515);
    return this.connect();
  }

  /** With what the memory holds. */
  async connect(): Promise<this> {
    await this.open();
    await this.next('open');
    await this.next('caught_up');
    return this;
  }

  async send(chat: string, content: Content | string, id = whatsappId(systemRandom)): Promise<string> {
    const said: Content = typeof content === 'string' ? { type: 'text', text: content } : content;
    const bytes = await this.link.encode(said, { chat, whatsappId: id });
    this.sent.set(id, bytes);
    await this.link.relay(chat, bytes, id);
    return id;
  }

  async close(): Promise<void> {
    await this.#link?.close();
  }
}
