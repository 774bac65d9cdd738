import { Agent, request } from 'undici';
import { answerCalls } from './calls.ts';

/** Other people's programs, in a process of their own: each of their connections asks again as soon as it was answered. */
let going: { readonly over: AbortController; readonly done: Promise<Record<number, number>> } | undefined;

async function crowd(url: string, token: string, connections: number, signal: AbortSignal) {
  const agent = new Agent({ connections });
  const statuses: Record<number, number> = {};
  let next = 0;
  const lane = async (recipient: string) => {
    while (!signal.aborted) {
      const { statusCode, body } = await request(`${url}/api/v1/send-message`, {
        dispatcher: agent,
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ recipient, message: `number ${next++}`, show_typing: false }),
      });
      await body.dump();
      statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, n) => lane(String(6281207000000 + n))));
  await agent.close();
  return statuses;
}

const commands = {
  begin({ url, token, connections }: { url: string; token: string; connections: number }) {
    const over = new AbortController();
    going = { over, done: crowd(url, token, connections, over.signal) };
  },
  /** Gives how often each status was answered. */
  async end(): Promise<Record<number, number>> {
    going?.over.abort();
    return (await going?.done) ?? {};
  },
  async stop() {
    going?.over.abort();
    await going?.done;
  },
};

export type CrowdCommands = typeof commands;
answerCalls(commands);
