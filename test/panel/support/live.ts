import type { TestApp } from '../../support/app.ts';
import type { Browser } from './browser.ts';

export interface LiveEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A browser's EventSource. `next` waits for the first event that fits, from those not looked at yet. */
export async function listen({ url }: Pick<TestApp, 'url'>, { cookie }: Browser) {
  const abort = new AbortController();
  const response = await fetch(`${url}/api/panel/live`, { headers: { cookie }, signal: abort.signal });
  const events: LiveEvent[] = [];
  const waiting = new Set<() => void>();
  let ended = false;
  const wake = () => {
    for (const one of waiting) one();
  };
  const reading = (async () => {
    let rest = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      rest += chunk;
      const parts = rest.split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const name = /^event: (.+)$/m.exec(part)?.[1];
        const data = /^data: (.+)$/m.exec(part)?.[1];
        if (name !== undefined && data !== undefined) events.push({ name, data: JSON.parse(data) });
      }
      wake();
    }
  })()
    .catch((error: unknown) => {
      if (!abort.signal.aborted) throw error;
    })
    .finally(() => {
      ended = true;
      wake();
    });

  return {
    response,
    events,
    next(what: string, fits: (event: LiveEvent) => boolean, ms = 15_000): Promise<LiveEvent> {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => finish(() => reject(new Error(`waited in vain for ${what}`))), ms);
        const look = () => {
          const at = events.findIndex(fits);
          const [found] = at < 0 ? [] : events.splice(at, 1);
          if (found) finish(() => resolve(found));
          else if (ended) finish(() => reject(new Error(`the stream ended before ${what}`)));
        };
        const finish = (then: () => void) => {
          clearTimeout(timer);
          waiting.delete(look);
          then();
        };
        waiting.add(look);
        look();
      });
    },
    /** Resolves when the server has ended it. */
    ended: () => reading,
    async stop() {
      abort.abort();
      await reading;
    },
  };
}
