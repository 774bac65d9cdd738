import { setTimeout as pause } from 'node:timers/promises';
import type { World } from './world.ts';

export interface Posted {
  readonly ref: string;
  readonly to: string;
  /** `unknown`: no answer came; the message may or may not exist. */
  readonly outcome: 'accepted' | 'refused' | 'unknown';
  readonly status: number;
  readonly code: string | null;
  readonly messageId: string | null;
  readonly rowId: number | null;
}

export interface SendBody {
  readonly recipient: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** One request. A message counts as accepted only when an answer with its id came. */
export async function post(
  world: Pick<World, 'url' | 'token'>,
  body: SendBody,
  headers: Record<string, string> = {},
): Promise<Posted> {
  const ref = body.message;
  const to = body.recipient;
  let answer: { data?: { message_id?: string; id?: number }; code?: string };
  let status: number;
  try {
    const response = await fetch(`${world.url}/api/v1/send-message`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.token}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ show_typing: false, ref, ...body }),
      signal: AbortSignal.timeout(60_000),
    });
    status = response.status;
    answer = (await response.json()) as typeof answer;
  } catch {
    // The process was killed, or listened not yet.
    return { ref, to, outcome: 'unknown', status: 0, code: null, messageId: null, rowId: null };
  }
  const messageId = answer.data?.message_id ?? null;
  const outcome = messageId !== null ? 'accepted' : status >= 500 ? 'unknown' : 'refused';
  return { ref, to, outcome, status, code: answer.code ?? null, messageId, rowId: answer.data?.id ?? null };
}

/**
 * Customers who go on writing while the gateway dies and comes back: each message is posted once, never again. One of four waits for
 * WhatsApp's answer.
 */
export class Load {
  readonly posted: Posted[] = [];
  readonly #world: World;
  readonly #chats: readonly string[];
  #next = 1;

  constructor(world: World, chats: readonly string[]) {
    this.#world = world;
    this.#chats = chats;
  }

  get accepted(): Posted[] {
    return this.posted.filter(({ outcome }) => outcome === 'accepted');
  }

  /** Posts `count` messages from four customers at once; stops early when `until` is aborted. */
  async run(count: number, until: AbortSignal): Promise<void> {
    let left = count;
    const customer = async () => {
      while (left > 0 && !until.aborted) {
        left -= 1;
        const number = this.#next++;
        const to = this.#chats[this.#world.draw(0, this.#chats.length)] ?? '';
        const posted = await post(this.#world, {
          recipient: to,
          message: `message ${number} of ${this.#world.seed}`,
          async: this.#world.random() < 0.75,
          when_offline: 'hold',
        });
        this.posted.push(posted);
        // Nobody listens: a customer who hammers a dead port would only use up the plan.
        if (posted.outcome === 'unknown') await pause(20);
      }
    };
    await Promise.all([customer(), customer(), customer(), customer()]);
  }
}
