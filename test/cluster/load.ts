import { setTimeout as pause } from 'node:timers/promises';
import type { Device } from '../crash/linking.ts';
import { type Posted, post, type SendBody } from '../crash/load.ts';
import type { Cluster } from './world.ts';

export interface Sent extends Posted {
  readonly device: Device;
  /** Unix ms: the answer came. */
  readonly answeredAt: number;
  readonly tookMs: number;
}

type Customers = Pick<Cluster, 'devices' | 'draw' | 'seed' | 'url'>;

/** Customers of all devices, who write through the proxy to a few people each. Each message is posted once, never again. */
export class Load {
  readonly posted: Sent[] = [];
  readonly #cluster: Customers;
  readonly #chats: readonly string[];
  readonly #body: (number: number) => Partial<SendBody>;
  #next = 1;

  constructor(cluster: Customers, chats: readonly string[], body: (number: number) => Partial<SendBody> = () => ({})) {
    this.#cluster = cluster;
    this.#chats = chats;
    this.#body = body;
  }

  get accepted(): Sent[] {
    return this.posted.filter(({ outcome }) => outcome === 'accepted');
  }

  /** Posts `count` messages from so many customers at once, at most `perSecond`; stops early when `until` is aborted. */
  async run(count: number, { customers = 12, perSecond = 200 }, until: AbortSignal): Promise<void> {
    let left = count;
    const began = performance.now();
    let begun = 0;
    const customer = async () => {
      while (left > 0 && !until.aborted) {
        left -= 1;
        const early = (begun++ / perSecond) * 1_000 - (performance.now() - began);
        if (early > 0) await pause(early);
        const posted = await this.#post();
        this.posted.push(posted);
        if (posted.outcome === 'unknown') await pause(300);
      }
    };
    await Promise.all(Array.from({ length: customers }, customer));
  }

  async #post(): Promise<Sent> {
    const { devices } = this.#cluster;
    const at = this.#cluster.draw(0, devices.length);
    const device = devices[at] as Device;
    // Three people for each device, so that order and sessions mean something.
    const to = this.#chats[(at * 3 + this.#cluster.draw(0, 3)) % this.#chats.length] ?? '';
    const number = this.#next++;
    const began = performance.now();
    const posted = await post(
      { url: this.#cluster.url, token: device.token },
      { recipient: to, message: `message ${number} of ${this.#cluster.seed}`, ...this.#body(number) },
    );
    return { ...posted, device, answeredAt: Date.now(), tookMs: performance.now() - began };
  }
}
