import { createHash, createHmac } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';

/**
 * Files in an S3-compatible store that the operator of this server named, addressed as `endpoint/bucket/key` (which AWS, R2, MinIO
 * and Garage all take), signed with Signature Version 4.
 */
export interface Bucket {
  /** `sha256`: of the file, hex. */
  put(key: string, file: { readonly path: string; readonly bytes: number; readonly sha256: string }): Promise<void>;
  /** Undefined when there is none. */
  get(key: string): Promise<Readable | undefined>;
  /** Also when there is none. */
  remove(key: string): Promise<void>;
  stop(): Promise<void>;
}

export interface BucketOptions {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly key: string;
  readonly secret: string;
  readonly now: () => number;
}

const TIMEOUT_MS = 60_000;
const EMPTY = createHash('sha256').digest('hex');

export function openBucket(options: BucketOptions): Bucket {
  const agent = new Agent({ headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  const urlOf = (key: string) =>
    new URL(`${options.endpoint}/${escaped(options.bucket)}/${key.split('/').map(escaped).join('/')}`);
  const failed = (what: string, status: number) => new Error(`The file store answered ${status} to ${what}.`);

  return {
    async put(key, { path, bytes, sha256 }) {
      const url = urlOf(key);
      const { statusCode, body } = await request(url, {
        method: 'PUT',
        dispatcher: agent,
        headers: { ...sign({ ...options, method: 'PUT', url, sha256, headers: {} }), 'content-length': String(bytes) },
        body: createReadStream(path),
      });
      await body.dump();
      if (statusCode !== 200) throw failed('PUT', statusCode);
    },
    async get(key) {
      const url = urlOf(key);
      const headers = sign({ ...options, method: 'GET', url, sha256: EMPTY, headers: {} });
      const { statusCode, body } = await request(url, { dispatcher: agent, headers });
      if (statusCode === 200) return body;
      await body.dump();
      if (statusCode === 404) return undefined;
      throw failed('GET', statusCode);
    },
    async remove(key) {
      const url = urlOf(key);
      const headers = sign({ ...options, method: 'DELETE', url, sha256: EMPTY, headers: {} });
      const { statusCode, body } = await request(url, { method: 'DELETE', dispatcher: agent, headers });
      await body.dump();
      if (statusCode !== 204 && statusCode !== 200 && statusCode !== 404) throw failed('DELETE', statusCode);
    },
    stop: () => agent.destroy(),
  };
}

const escaped = (part: string) =>
  encodeURIComponent(part).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** The headers of a signed request (AWS Signature Version 4; its documented examples are the test). `sha256`: of the body. */
export function sign(given: {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly sha256: string;
  readonly region: string;
  readonly key: string;
  readonly secret: string;
  readonly now: () => number;
}): Record<string, string> {
  const { method, url, region, sha256 } = given;
  const time = new Date(given.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...given.headers,
    host: url.host,
    'x-amz-content-sha256': sha256,
    'x-amz-date': time,
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    method,
    url.pathname,
    url.searchParams.toString(),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    sha256,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = ['s3', 'aws4_request'].reduce(
    (made: Buffer, part) => hmac(made, part),
    hmac(hmac(`AWS4${given.secret}`, day), region),
  );
  const signature = hmac(key, text).toString('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${given.key}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}
