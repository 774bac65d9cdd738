import { afterEach, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';

interface Told {
  readonly id: number;
  readonly event: string;
  readonly data: { readonly type: string; readonly data: Record<string, unknown> };
}

/** As a browser's EventSource reads, with the header that it cannot send. */
async function follow(app: TestApp, headers: Record<string, string> = {}, query = '') {
  const leaving = new AbortController();
  const response = await fetch(`${app.url}/api/v1/events${query}`, {
    headers: { authorization: `Bearer ${app.token}`, ...headers },
    signal: leaving.signal,
  });
  const told: Told[] = [];
  const waiting = new Set<() => void>();
  let ended = false;
  const reading = (async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        if (field('data'))
          told.push({ id: Number(field('id')), event: field('event') ?? '', data: JSON.parse(field('data') ?? '') });
      }
      for (const look of waiting) look();
    }
    ended = true;
  })().catch(() => {
    ended = true;
  });
  return {
    response,
    told,
    hasEnded: () => ended,
    reading,
    until: (condition: () => boolean) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`never told; so far: ${told.map(({ event }) => event)}`)),
          20_000,
        );
        const look = () => {
          if (!condition()) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    async leave() {
      leaving.abort();
      await reading;
    },
  };
}

describe('live events', () => {
  let app: TestApp;
  afterEach(() => app.stop());

  it('tell what happens, as webhooks do, and after a break what was missed', async () => {
    app = await startTestApp({ quota: 100, env: { RATE_LIMIT_PER_MINUTE: '100000' } });
    const budi = app.network.contact('6281600000001');
    const first = await follow(app);
    expect(first.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(first.response.headers.get('cache-control')).toBe('no-store');
    await budi.send('6281234567890', 'satu');
    await first.until(() => first.told.some(({ event }) => event === 'message.received'));
    await first.leave();
    const last = first.told.at(-1)?.id ?? 0;

    await budi.send('6281234567890', 'dua');
    await app.call('POST', '/send-message', { recipient: budi.number, message: 'jawab' });
    await budi.nextMessage();
    const second = await follow(app, { 'last-event-id': String(last) });
    await second.until(() => second.told.some(({ data }) => data.data.status === 'delivered'));
    expect(second.told.map(({ id }) => id)).toEqual(second.told.map((_, n) => last + 1 + n));
    const texts = second.told.filter(({ event }) => event === 'message.received').map(({ data }) => data.data.text);
    expect(texts).toEqual(['dua']);
    await second.leave();

    const third = await follow(app, {}, `?after=${last}`);
    await third.until(() => third.told.length >= second.told.length);
    expect(third.told.slice(0, second.told.length)).toEqual(second.told);
    await third.leave();
  });

  it('need the token, in the header alone, and a number to go on from', async () => {
    app = await startTestApp();
    expect((await fetch(`${app.url}/api/v1/events?token=${app.token}`)).status).toBe(401);
    expect((await app.call('GET', '/events', undefined, { 'last-event-id': 'x' })).status).toBe(422);
    expect((await app.call('GET', '/events?after=-1')).status).toBe(422);
  });

  it('are not there for a HEAD, which would keep a place and never go', async () => {
    app = await startTestApp();
    for (let n = 0; n < 11; n += 1) {
      const { status, headers } = await fetch(`${app.url}/api/v1/events`, {
        method: 'HEAD',
        headers: { authorization: `Bearer ${app.token}` },
      });
      expect([status, headers.get('allow')]).toEqual([405, 'GET']);
    }
    const stream = await follow(app);
    expect(stream.response.status).toBe(200);
    await stream.leave();
  });

  it('are bounded for each device, and make room when somebody goes', async () => {
    app = await startTestApp();
    const streams = await Promise.all(Array.from({ length: 10 }, () => follow(app)));
    expect(streams.every(({ response }) => response.status === 200)).toBe(true);
    const { status, body } = await app.call('GET', '/events');
    expect([status, body.code]).toEqual([429, 'rate_limited']);
    await streams[0]?.leave();
    let again = await follow(app);
    for (let tries = 0; tries < 100 && again.response.status !== 200; tries++) {
      await again.leave();
      again = await follow(app);
    }
    expect(again.response.status).toBe(200);
    await again.leave();
    await Promise.all(streams.map((stream) => stream.leave()));
  });

  it('tell nothing of another device, and end when the server stops', async () => {
    app = await startTestApp();
    const other = await app.addDevice('6281234567898');
    const token = await app.app.devices.issueToken(app.account.id, other.id);
    const mine = await follow(app);
    const theirs = await follow(app, { authorization: `Bearer ${token}` });
    const budi = app.network.contact('6281600000002');
    await budi.send('6281234567890', 'rahasia');
    await mine.until(() => mine.told.some(({ event }) => event === 'message.received'));
    await budi.send('6281234567898', 'juga');
    await theirs.until(() => theirs.told.some(({ event }) => event === 'message.received'));
    expect(JSON.stringify(theirs.told)).not.toContain('rahasia');
    await app.stop({ data: true });
    await Promise.all([mine.reading, theirs.reading]);
    expect([mine.hasEnded(), theirs.hasEnded()]).toEqual([true, true]);
    app = await startTestApp();
  });
});
