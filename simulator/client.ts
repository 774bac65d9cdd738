import type { LastingFault, MessageJson, SaidJson } from './admin.ts';
import type { Counts } from './counters.ts';
import type { Scope } from './faults.ts';
import type { Group } from './groups.ts';
import type { Namespace } from './jid.ts';
import type { AutoReceipts, Manner } from './manners.ts';
import type { ContactDetails } from './people.ts';
import type { LinkedDevice } from './phone.ts';

export interface NetworkDescription {
  readonly url: string;
  readonly mediaHost: string;
  /** PEM */
  readonly mediaAuthority: string;
  /** base64 */
  readonly rootKey: string;
  /** base64 */
  readonly certificate: string;
  readonly seed: number;
}

export interface FaultHandle {
  readonly name: string;
  /** Ends the fault; gives how often it struck. */
  end(): Promise<number>;
}

/** Drives a simulator that runs in another process, over its admin port. Each call is one request. */
export class SimulatorClient {
  readonly #base: string;

  /** `http://127.0.0.1:PORT` */
  constructor(base: string) {
    this.#base = base;
  }

  network(): Promise<NetworkDescription> {
    return this.#get('network');
  }

  counters(): Promise<{ total: Counts; contacts: Record<string, Counts> }> {
    return this.#get('counters');
  }

  /** Errors inside the network that nobody waited for. */
  errors(): Promise<string[]> {
    return this.#get('errors');
  }

  /** Addresses of the devices that are connected. */
  connected(): Promise<string[]> {
    return this.#get('connected');
  }

  transcript(
    limit = 200,
  ): Promise<{ at: number; direction: 'in' | 'out'; device: string; tag: string; attrs: object }[]> {
    return this.#get(`transcript?limit=${limit}`);
  }

  cut(number?: string): Promise<void> {
    return this.#post('cut', { number });
  }

  disconnect(code: number, number?: string): Promise<void> {
    return this.#post('disconnect', { code, number });
  }

  expireMedia(path?: string): Promise<void> {
    return this.#post('expire-media', { path });
  }

  async fault(name: LastingFault, ...args: (number | string | (Scope & object))[]): Promise<FaultHandle> {
    const added = await this.#post<{ id: number; name: string }>(`faults/${name}`, { args });
    const end = async () => (await this.#request<{ hits: number }>('DELETE', `faults/${added.id}`)).hits;
    return { name: added.name, end };
  }

  clearFaults(): Promise<void> {
    return this.#request('DELETE', 'faults');
  }

  faultReport(): Promise<{ seed: number; report: string }> {
    return this.#get('faults');
  }

  group(subject: string, members: readonly string[], addressing?: Namespace): Promise<Group> {
    return this.#post('groups', { subject, members, addressing });
  }

  /** Any phone, made for the purpose. */
  scanQr(qr: string): Promise<LinkedDevice & { phone: string }> {
    return this.#request('POST', 'mock-phone/scan-qr', qr);
  }

  phone(number: string) {
    const at = (rest: string) => `phones/${number}/${rest}`;
    return {
      number,
      create: (details: ContactDetails = {}) => this.#post<{ jid: string; lid: string }>(`phones/${number}`, details),
      devices: async () => (await this.#get<{ devices: LinkedDevice[] }>(`phones/${number}`)).devices,
      logs: async () => (await this.#get<{ logs: string[] }>(`phones/${number}`)).logs,
      scan: (qr: string) => this.#request<LinkedDevice>('POST', at('scan'), qr),
      enterCode: (code: string) => this.#post<LinkedDevice>(at('enter-code'), { code }),
      unlink: (device?: number) => this.#post<void>(at('unlink'), { device }),
      rename: (name: string) => this.#post<void>(at('rename'), { name }),
      sendOwn: (to: string, text: string) => this.contact(number).send(to, { text }),
      messages: (from = 0) => this.contact(number).messages(from),
    };
  }

  contact(number: string) {
    const at = (rest: string) => `contacts/${number}/${rest}`;
    return {
      number,
      create: (details: ContactDetails = {}) => this.#post<{ jid: string; lid: string }>(`contacts/${number}`, details),
      /** All from the `from`-th on, oldest first. */
      messages: (from = 0) => this.#get<MessageJson[]>(at(`messages?from=${from}`)),
      nextMessage: (timeoutMs = 30_000) => this.#post<MessageJson>(at('next-message'), { timeoutMs }),
      media: (whatsappId: string) => this.#bytes(at(`media/${whatsappId}`)),
      send: (to: string, said: SaidJson, options: { as?: Namespace; whatsappId?: string } = {}) =>
        this.#post<{ whatsappId: string }>(at('send'), { to, ...said, ...options }),
      read: () => this.#post<void>(at('read'), {}),
      type: (to: string) => this.#post<void>(at('type'), { to }),
      block: (other: string) => this.#post<void>(at('block'), { number: other }),
      receipts: (receipts: AutoReceipts) => this.#post<void>(at('receipts'), { receipts }),
      manner: (manner: Manner) => this.#post<void>(at('manner'), manner),
    };
  }

  #get<T>(path: string): Promise<T> {
    return this.#request('GET', path);
  }

  #post<T>(path: string, body: object): Promise<T> {
    return this.#request('POST', path, JSON.stringify(body));
  }

  async #request<T>(method: string, path: string, body?: string): Promise<T> {
    const response = await this.#fetch(method, path, body);
    return (await response.json()) as T;
  }

  async #bytes(path: string): Promise<Buffer> {
    return Buffer.from(await (await this.#fetch('GET', path)).arrayBuffer());
  }

  async #fetch(method: string, path: string, body?: string): Promise<Response> {
    const response = await fetch(`${this.#base}/admin/${path}`, { method, ...(body === undefined ? {} : { body }) });
    if (response.ok) return response;
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }
}
