import { setTimeout } from 'node:timers/promises';
import { systemRandom, whatsappId } from '../../src/base/ids.ts';
import { createOpenLink, type LinkEvent } from '../../src/whatsapp/index.ts';
import { createMemory } from '../support/memory.ts';

/**
 * A gateway in a process of its own, driven over IPC by `large.test.ts`: pairs, uploads one large document, downloads it again,
 * closes, and tells how much memory it took and what still keeps the process alive.
 */
interface Task {
  readonly url: string;
  readonly mediaAuthority: string;
  readonly rootKey: string;
  readonly chat: string;
  readonly path: string;
  readonly bytes: number;
}

process.once('message', (task: Task) => {
  run(task).then(
    (result) => process.send?.(result, () => process.disconnect()),
    (error) => process.send?.({ error: String(error?.stack ?? error) }, () => process.exit(1)),
  );
});

async function run(task: Task) {
  const route = {
    url: task.url,
    mediaAuthority: task.mediaAuthority,
    rootKey: Buffer.from(task.rootKey, 'base64'),
  };
  const memory = createMemory();
  const openLink = createOpenLink();

  async function open(until: LinkEvent['type']) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = AbortSignal.timeout(20_000);
    timer.addEventListener('abort', () => reject(new Error(`no ${until}`)), { once: true });
    const link = await openLink({
      route,
      memory,
      findSent: async () => undefined,
      onEvent: (event) => {
        if (event.type === 'qr') process.send?.({ qr: event.qr });
        if (event.type === until) resolve();
      },
    });
    await promise;
    return link;
  }

  await open('closed');
  const link = await open('caught_up');
  const base = process.memoryUsage().rss;
  let peak = base;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  const id = whatsappId(systemRandom);
  const document = { type: 'document', path: task.path, mimetype: 'application/pdf', bytes: task.bytes } as const;
  const bytes = await link.encode(document, { chat: task.chat, whatsappId: id });
  await link.relay(task.chat, bytes, id);
  const afterUpload = peak;
  let downloaded = 0;
  for await (const chunk of await link.download(bytes)) downloaded += chunk.length;
  clearInterval(watch);
  await link.close();
  // Sockets in the midst of closing, and the first turn of the timers.
  await setTimeout(1_500);
  const alive = process.getActiveResourcesInfo().filter((name) => /Timeout|TCP|TLS/.test(name));
  return {
    uploadMb: (afterUpload - base) / 2 ** 20,
    totalMb: (peak - base) / 2 ** 20,
    downloaded,
    alive,
  };
}
