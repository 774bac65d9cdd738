import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An S3-compatible store in memory that believes nobody: it computes each signature itself. */
export async function startBucket({ key, secret, region }: { key: string; secret: string; region: string }) {
  const objects = new Map<string, Buffer>();
  const refused: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const time = String(request.headers['x-amz-date']);
      const hash = createHash('sha256').update(body).digest('hex');
      const canonical = `${request.method}\n${request.url}\n\nhost:${request.headers.host}\nx-amz-content-sha256:${hash}\nx-amz-date:${time}\n\nhost;x-amz-content-sha256;x-amz-date\n${hash}`;
      const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
      const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`;
      let signing = Buffer.from(`AWS4${secret}`);
      for (const part of [time.slice(0, 8), region, 's3', 'aws4_request'])
        signing = createHmac('sha256', signing).update(part).digest();
      const signature = createHmac('sha256', signing).update(toSign).digest('hex');
      const expected = `AWS4-HMAC-SHA256 Credential=${key}/${scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=${signature}`;
      const name = request.url ?? '';
      if (request.headers.authorization !== expected) {
        refused.push(name);
        response.writeHead(403).end();
      } else if (request.method === 'PUT') {
        objects.set(name, body);
        response.writeHead(200).end();
      } else {
        const found = objects.get(name);
        response.writeHead(found ? 200 : 404).end(found);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    objects,
    refused,
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
