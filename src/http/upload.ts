import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyRequest } from 'fastify';
import { failure } from '../base/errors.ts';
import type { Arrival } from '../gateway/media/arrivals.ts';
import type { ReceivedFile } from './row.ts';

/** All fields of a form together, with their names: as much as a body of JSON may have. */
const ALL_FIELDS = 1_048_576;
/** The longest text is 5,000 characters of four bytes at most; what is a little longer is told so field by field. */
const ONE_FIELD = 65_536;
/** Three times as many as any form has. */
const MOST_FIELDS = 50;

/**
 * For the form parser. It would hold every field in memory before anybody is asked, and parse the JSON of those that call themselves so:
 * to it all parts are files, whose bytes come as we take them.
 */
export const formOptions = (mediaBytes: number) => ({
  limits: { fileSize: mediaBytes, parts: MOST_FIELDS + 1 },
  isPartAFile: () => true,
  throwFileSizeLimit: false,
});

export interface ReceivedForm {
  readonly fields: Record<string, unknown>;
  readonly file: ReceivedFile | undefined;
  /** Removes what was written to the disk. */
  discard(): Promise<void>;
}

/**
 * Receives a whole multipart form: the file goes to `folder`, so that fields may stand before or after it and a form that is
 * refused has touched nothing else. Only the file of the field `fileField` is kept, once `arrive` has a place for it, and counted there
 * from its first byte.
 */
export async function receiveForm(
  request: FastifyRequest,
  fileField: string,
  folder: string,
  arrive: () => Promise<Arrival>,
): Promise<ReceivedForm> {
  const fields: Record<string, unknown> = {};
  const path = join(folder, `upload-${randomUUID()}`);
  let file: ReceivedFile | undefined;
  let arrival: Arrival | undefined;
  let files = 0;
  let fieldBytes = 0;
  const discard = () =>
    unlink(path)
      .catch(ignoreMissing)
      .finally(() => arrival?.end());

  try {
    for await (const part of request.parts()) {
      // What a form has beside files: `formOptions`.
      if (part.type !== 'file') continue;
      if (!isFile(part)) {
        // One without a name has none here, whatever the type says.
        const name = String(part.fieldname);
        fieldBytes += Buffer.byteLength(name);
        const bytes = await readField(part.file, ALL_FIELDS - fieldBytes);
        fieldBytes += bytes.length;
        fields[name] = bytes.toString();
        continue;
      }
      files += 1;
      if (files > 1) throw new request.server.multipartErrors.FilesLimitError();
      if (part.fieldname === fileField) {
        const arriving = await arrive();
        arrival = arriving;
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const hash = await spool(part.file, path, arriving);
        // The stream ends early, without an error, at the limit: the part knows.
        if (part.file.truncated) throw new request.server.multipartErrors.RequestFileTooLargeError();
        const about = { filename: part.filename || null, mimetype: part.mimetype || null };
        file = { ...about, hash, open: () => ({ ...about, stream: read(path), arrival: arriving }) };
      } else part.file.resume();
    }
  } catch (error) {
    // The rest is let through unread: a client that still sends would not hear the answer.
    request.raw.unpipe();
    request.raw.resume();
    await discard();
    if (isOfDisk(error)) throw failure('temporarily_unavailable', {}, { retryAfter: 30, cause: error });
    throw brokenForm(error)
      ? failure('bad_request', { reason: 'the form is not well formed' }, { cause: error })
      : error;
  }
  arrival?.complete();
  return { fields, file, discard };
}

/**
 * Opens when somebody reads, and closes when they stop: a stream that was made before would keep its descriptor, and the space of the removed
 * file, when nobody comes, and throw its errors where nobody listens.
 */
async function* read(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path);
}

/** As the parser itself would tell them apart. */
const isFile = ({
  filename,
  mimetype,
}: {
  readonly filename: string | undefined;
  readonly mimetype: string;
}): boolean => filename !== undefined || mimetype === 'application/octet-stream';

async function readField(from: Readable, left: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of from) {
    bytes += chunk.length;
    if (bytes > left) throw failure('body_too_large', { limit: '1 MB' });
    if (bytes > ONE_FIELD) throw failure('body_too_large', { limit: '64 KB in one field' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function spool(from: Readable, path: string, arrival: Pick<Arrival, 'take'>): Promise<Uint8Array> {
  const hash = createHash('sha256');
  await pipeline(
    from,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        arrival.take(chunk.length);
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(path, { flags: 'wx', mode: 0o600 }),
  );
  return hash.digest();
}

/** A full disk or a folder that is not ours is the server's trouble and not the caller's. */
const isOfDisk = (error: unknown) =>
  error instanceof Error && 'syscall' in error && ['mkdir', 'open', 'write'].includes(String(error.syscall));

/** What the parser says of a form that breaks off or has no boundary has no code; what the disk and fastify say has one. */
const brokenForm = (error: unknown) =>
  error instanceof Error &&
  (!('code' in error) || error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE');

function ignoreMissing(error: NodeJS.ErrnoException) {
  if (error.code !== 'ENOENT') throw error;
}
