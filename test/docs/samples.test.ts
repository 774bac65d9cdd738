import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  exampleOf,
  type Filling,
  fillingOf,
  type Operation,
  RECIPIENT,
  type SampleLanguage,
} from '../../dashboard/src/docs/samples/filling.ts';
import { languages } from '../../dashboard/src/docs/samples/index.ts';
import { startTestApp } from '../support/app.ts';
import { startMediaHost } from '../support/media-host.ts';
import { startFlakyDoor } from './flaky.ts';
import { type Runner, runnerOf, said } from './programs.ts';

// Every program that the documentation page shows, run as it stands there, filled with this server's address and token.

const runners = new Map<string, Runner>();
for (const { id } of languages) {
  const runner = await runnerOf(id);
  if (runner !== undefined) runners.set(id, runner);
}

describe('the program of the documentation page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wagate-docs-'));
  let app: Awaited<ReturnType<typeof startTestApp>>;
  let host: Awaited<ReturnType<typeof startMediaHost>>;
  let door: Awaited<ReturnType<typeof startFlakyDoor>>;
  const recipient = () => app.network.contact(RECIPIENT);

  beforeAll(async () => {
    const image = await sharp({ create: { width: 16, height: 16, channels: 3, background: 'teal' } })
      .jpeg()
      .toBuffer();
    host = await startMediaHost((_request, response) =>
      response.writeHead(200, { 'Content-Type': 'image/jpeg' }).end(image),
    );
    app = await startTestApp({ sandbox: true, env: { EGRESS_PORTS: `${host.port},1` } });
    door = await startFlakyDoor(app.url);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await door?.stop();
    await app?.stop();
    await host?.stop();
  });

  const fillingFor = (language: SampleLanguage, more: Partial<Filling> = {}): Filling => ({
    ...exampleOf(fillingOf(app.url), language),
    token: app.token,
    mediaUrl: host.url('/image.jpg'),
    ...more,
  });

  async function run(language: SampleLanguage, operation: Operation, filling: Filling): Promise<string> {
    const runner = runners.get(language.id);
    if (runner === undefined) throw new Error(`nothing runs ${language.id}`);
    const path = join(folder, runner.file);
    writeFileSync(path, language.write[operation](filling));
    const { code, text } = await said(runner.program, [...runner.args, path], runner.env);
    expect(code, text).toBe(0);
    return text;
  }

  describe.each(languages)('in $title', (language) => {
    const isCurl = language.id === 'curl';
    const here = test.skipIf(!runners.has(language.id));

    here('sends a text that arrives', async () => {
      expect(await run(language, 'sendText', fillingFor(language))).toMatch(/Message sent/);
      expect((await recipient().nextMessage()).text).toBe(`Hello from ${language.label}!`);
    });

    here('sends a text with quotes, a backslash and more lines as it is', async () => {
      const message = `It's "10 \\ 20"\n50% – ok?`;
      expect(await run(language, 'sendText', fillingFor(language, { message }))).toMatch(/Message sent/);
      expect((await recipient().nextMessage()).text).toBe(message);
    });

    here('sends an image with its caption', async () => {
      expect(await run(language, 'sendMedia', fillingFor(language))).toMatch(/(Media|Media message) sent/);
      expect((await recipient().nextMessage()).content.imageMessage?.caption).toBe('Check this out!');
    });

    here('tells the state of the device and what is left of the quota', async () => {
      const said = await run(language, 'device', fillingFor(language));
      expect(said).toMatch(isCurl ? /"status":"connected"/ : /^Device: connected$/m);
      expect(said).toMatch(isCurl ? /"message_remaining":\d+/ : /^Messages left: \d+$/m);
    });

    here('lists the messages that were sent', async () => {
      expect(await run(language, 'messages', fillingFor(language))).toMatch(
        isCurl ? /"recipient":"628123456789"/ : /^628123456789: (sent|delivered|read)$/m,
      );
    });

    here('sends once, though the first answer is lost and the second try refused', async () => {
      const key = `order-${language.id}`;
      const filling = fillingFor(language, { origin: door.url, key, message: `Once from ${language.id}` });
      expect(await run(language, 'retry', filling)).toMatch(/Message sent/);
      expect(door.timesOf(key)).toBe(3);
      expect((await recipient().nextMessage()).text).toBe(filling.message);
      const { body } = await app.call('GET', '/messages?limit=100');
      const texts = (body.data as unknown as readonly { readonly message: string }[]).map(({ message }) => message);
      expect(texts.filter((text) => text === filling.message)).toHaveLength(1);
    });

    here('says what is wrong when the token is', async () => {
      const runner = runners.get(language.id);
      const path = join(folder, runner?.file ?? '');
      writeFileSync(path, language.write.sendText(fillingFor(language, { token: 'wag_wrong' })));
      const { text } = await said(runner?.program ?? '', [...(runner?.args ?? []), path], runner?.env);
      expect(text).toContain('Invalid or inactive API token.');
    });
  });
});
