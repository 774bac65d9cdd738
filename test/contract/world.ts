import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { startTestApp } from '../support/app.ts';

/** The number that the document writes to. */
export const RECIPIENT = '628123456789';

/** The whole gateway with a linked device, somebody with the document's number, and an address with an image. */
export async function startWorld() {
  const host = await serveImage();
  const app = await startTestApp({ env: { EGRESS_PORTS: `${host.port},1` } });
  if (app.network === undefined) throw new Error('the test app has no simulated network');
  const recipient = app.network.contact(RECIPIENT);
  return {
    app,
    recipient,
    real: { url: app.url, token: app.token, media: `${host.url}/image.jpg` },
    async stop() {
      await app.stop();
      await host.stop();
    },
  };
}

async function serveImage() {
  const image = await sharp({ create: { width: 16, height: 16, channels: 3, background: 'teal' } })
    .jpeg()
    .toBuffer();
  const server = createServer((request, response) => {
    const found = request.url === '/image.jpg';
    response.writeHead(found ? 200 : 404, { 'Content-Type': 'image/jpeg' }).end(found ? image : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const run = promisify(execFile);

/** What a program prints; with what it complained of when it failed. */
export async function output(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, [...args], { timeout: 50_000 });
  return stdout;
}

/** The first of these programs that can do what is needed; undefined, and a line that says so, when none can. */
export async function findProgram(
  name: string,
  candidates: readonly (readonly [program: string, probe: readonly string[]])[],
): Promise<string | undefined> {
  for (const [program, probe] of candidates) {
    const works = await run(program, [...probe]).then(
      () => true,
      () => false,
    );
    if (works) return program;
  }
  process.stdout.write(`SKIPPED: the document's ${name} samples, for there is no ${name} that can run them here\n`);
  return undefined;
}
