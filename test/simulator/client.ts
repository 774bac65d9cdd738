import { Agent as HttpsAgent } from 'node:https';
import makeWASocket, {
  type AuthenticationState,
  type BaileysEventMap,
  Browsers,
  BufferJSON,
  downloadMediaMessage,
  initAuthCreds,
  proto,
  type SignalDataSet,
  type SignalDataTypeMap,
  type UserFacingSocketConfig,
  WA_CERT_DETAILS,
  type WAMessage,
  type WASocket,
} from 'baileys';
import pino from 'pino';
import { Agent, Dispatcher1Wrapper } from 'undici';
import type { Network } from '../../simulator/index.ts';

/** What a client must know of a network; one in another process is described by its admin port. */
export interface Target {
  readonly url: string;
  readonly mediaAuthority: string;
  readonly rootKey: Uint8Array;
  readonly faults?: { report(): string };
}

/** In-memory auth as a product's store would keep it: through serialization, so that nothing is shared by chance. */
export function memoryAuth(): AuthenticationState {
  const data = new Map<string, string>();
  return {
    creds: initAuthCreds(),
    keys: {
      get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
        const found: { [id: string]: SignalDataTypeMap[T] } = {};
        for (const id of ids) {
          const saved = data.get(`${type}/${id}`);
          if (saved === undefined) continue;
          const value = JSON.parse(saved, BufferJSON.reviver);
          found[id] = type === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value) : value;
        }
        return found;
      },
      set: async (changes: SignalDataSet) => {
        for (const [type, values] of Object.entries(changes)) {
          for (const [id, value] of Object.entries(values ?? {})) {
            if (value === null || value === undefined) data.delete(`${type}/${id}`);
            else data.set(`${type}/${id}`, JSON.stringify(value, BufferJSON.replacer));
          }
        }
      },
    },
  };
}

type Update = BaileysEventMap['connection.update'];

/** One unmodified Baileys client on the network: awaits what it is told instead of sleeping. */
export class Client {
  readonly auth: AuthenticationState;
  sock!: WASocket;
  readonly received: WAMessage[] = [];
  readonly updates: BaileysEventMap['messages.update'] = [];
  readonly groupReceipts: BaileysEventMap['message-receipt.update'] = [];
  /** Ids that the server acknowledged, and those it refused, with the code. */
  readonly acks = new Set<string>();
  readonly refusals = new Map<string, string>();
  lastClose: number | undefined;
  readonly #target: Target;
  readonly #options: Partial<UserFacingSocketConfig>;
  readonly #dispatcher: Dispatcher1Wrapper;
  readonly #agent: HttpsAgent;
  #watchers: (() => void)[] = [];
  #state: Update = {};

  constructor(target: Target, options: Partial<UserFacingSocketConfig> = {}, auth = memoryAuth()) {
    this.auth = auth;
    this.#target = target;
    this.#options = options;
    // Node 24's own fetch speaks undici 7: an Agent of undici 8 without this wrapper fails with "invalid onRequestStart".
    this.#dispatcher = new Dispatcher1Wrapper(new Agent({ connect: { ca: target.mediaAuthority } }));
    this.#agent = new HttpsAgent({ ca: target.mediaAuthority });
    Object.assign(WA_CERT_DETAILS, { PUBLIC_KEY: Buffer.from(target.rootKey) });
  }

  connect(): this {
    this.#state = {};
    this.lastClose = undefined;
    this.sock = makeWASocket({
      auth: this.auth,
      waWebSocketUrl: this.#target.url,
      logger: pino({ level: process.env.WA_LOG ?? 'silent' }) as never,
      browser: Browsers.ubuntu('Chrome'),
      fetchAgent: this.#agent,
      options: { dispatcher: this.#dispatcher } as never,
      defaultQueryTimeoutMs: 5000,
      ...this.#options,
    });
    const { ev } = this.sock;
    this.sock.ws.on('CB:ack,class:message', ({ attrs }: { attrs: Record<string, string> }) => {
      const { id = '', error } = attrs;
      if (error === undefined) this.acks.add(id);
      else this.refusals.set(id, error);
      this.#changed();
    });
    ev.on('creds.update', (update) => {
      Object.assign(this.auth.creds, update);
      this.#changed();
    });
    ev.on('connection.update', (update) => {
      this.#state = { ...this.#state, ...update };
      if (update.connection === 'close') {
        const error = update.lastDisconnect?.error as { output?: { statusCode?: number } } | undefined;
        this.lastClose = error?.output?.statusCode ?? 0;
      }
      this.#changed();
    });
    ev.on('messages.upsert', ({ messages }) => {
      this.received.push(...messages);
      this.#changed();
    });
    ev.on('messages.update', (updates) => {
      this.updates.push(...updates);
      this.#changed();
    });
    ev.on('message-receipt.update', (receipts) => {
      this.groupReceipts.push(...receipts);
      this.#changed();
    });
    return this;
  }

  /** Waits for what `find` gives; it is asked again after each event. */
  until<T>(what: string, find: () => T | undefined | false, timeoutMs = 15_000): Promise<T> {
    const now = find();
    if (now !== undefined && now !== false) return Promise.resolve(now as T);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers = this.#watchers.filter((one) => one !== look);
        reject(new Error(`waited ${timeoutMs} ms in vain for ${what}\n${this.#target.faults?.report() ?? ''}`));
      }, timeoutMs);
      const look = () => {
        const found = find();
        if (found === undefined || found === false) return;
        clearTimeout(timer);
        this.#watchers = this.#watchers.filter((one) => one !== look);
        resolve(found as T);
      };
      this.#watchers.push(look);
    });
  }

  qr(): Promise<string> {
    return this.until('a QR code', () => this.#state.qr);
  }

  open(): Promise<true> {
    return this.until('open', () => this.#state.connection === 'open' || undefined);
  }

  /** Past its offline queue. */
  ready(): Promise<true> {
    return this.until('pending notifications', () => this.#state.receivedPendingNotifications || undefined);
  }

  closed(): Promise<number> {
    return this.until('close', () => this.lastClose);
  }

  /** QR, scan, the restart that WhatsApp asks for, and open. */
  async pair(number: string): Promise<this> {
    const { phone } = this.#target as Network;
    this.connect();
    await phone.call(this.#target as Network, number).scan(await this.qr());
    await this.closed();
    this.connect();
    await this.ready();
    await this.open();
    return this;
  }

  async reconnect(): Promise<void> {
    this.connect();
    await this.open();
    await this.ready();
  }

  message(find: (message: WAMessage) => unknown, what = 'a message'): Promise<WAMessage> {
    return this.until(what, () => this.received.find(find));
  }

  /** The highest status seen for an own message, in upserts and updates alike. */
  status(id: string): number {
    const seen = [
      ...this.received.filter((one) => one.key.id === id).map((one) => one.status),
      ...this.updates.filter((one) => one.key.id === id).map((one) => one.update.status),
    ];
    return Math.max(-1, ...seen.map((status) => status ?? -1));
  }

  /** Who has a group message: early receipts are folded into the message itself. */
  readersOf(id: string): Set<string | null | undefined> {
    const folded = this.received.filter((one) => one.key.id === id).flatMap((one) => one.userReceipt ?? []);
    const later = this.groupReceipts.filter((one) => one.key.id === id).map((one) => one.receipt);
    return new Set([...folded, ...later].map((one) => one.userJid));
  }

  async download(message: WAMessage): Promise<Buffer> {
    const options = { options: { dispatcher: this.#dispatcher } as never };
    return (await downloadMediaMessage(message, 'buffer', options)) as Buffer;
  }

  /** A bare request to the media host, with the same trust as the socket. */
  fetch(url: string, headers: Record<string, string>, body?: string): Promise<Response> {
    const post = body === undefined ? {} : { method: 'POST', body };
    return fetch(url, { headers, ...post, dispatcher: this.#dispatcher } as never);
  }

  async stop(): Promise<void> {
    await this.sock?.end(undefined);
    this.#agent.destroy();
    await this.#dispatcher.destroy();
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }
}

export function textOf(message: WAMessage): string | undefined {
  return message.message?.conversation ?? message.message?.extendedTextMessage?.text ?? undefined;
}
