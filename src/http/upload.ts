import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyRequest } from 'fastify';
import { failure } from '../base/errors.ts';
import type { ReceivedFile } from './row.ts';

export interface ReceivedForm {
  readonly fields: Record<string, unknown>;
  readonly file: ReceivedFile | undefined;
  /** Removes what was written to the disk. */
  discard(): Promise<void>;
}

/**
 * Receives a whole multipart form: the file goes to `folder`, so that fields may stand before or after it and a form that is
 * refused has touched nothing else. Only the file of the field `fileField` is kept.
 */
export async function receiveForm(request: FastifyRequest, fileField: string, folder: string): Promise<ReceivedForm> {
  const fields: Record<string, unknown> = {};
  const path = join(folder, `upload-${randomUUID()}`);
  let file: ReceivedFile | undefined;
  const discard = () => unlink(path).catch(ignoreMissing);

  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') {
        if (part.valueTruncated || part.fieldnameTruncated) throw failure('body_too_large', { limit: '1 MB a field' });
        fields[part.fieldname] = part.value;
      } else if (part.fieldname === fileField && file === undefined) {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const hash = await spool(part.file, path);
        // The stream ends early, without an error, at the limit: the part knows.
        if (part.file.truncated) throw new request.server.multipartErrors.RequestFileTooLargeError();
        file = {
          filename: part.filename || null,
          mimetype: part.mimetype || null,
          hash,
          open: () => read(path),
        };
      } else part.file.resume();
    }
  } catch (error) {
    await discard();
    throw brokenForm(error)
      ? failure('bad_request', { reason: 'the form is not well formed' }, { cause: error })
      : error;
  }
  return { fields, file, discard };
}

/**
 * Opens when somebody reads, and closes when they stop: a stream that was made before would keep its descriptor, and the space of the removed
 * file, when nobody comes, and throw its errors where nobody listens.
 */
async function* read(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path);
}

async function spool(from: Readable, path: string): Promise<Uint8Array> {
  const hash = createHash('sha256');
  await pipeline(
    from,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(path, { flags: 'wx', mode: 0o600 }),
  );
  return hash.digest();
}

/** What the parser says of a form that breaks off or has no boundary has no code; what the disk and fastify say has one. */
const brokenForm = (error: unknown) =>
  error instanceof Error &&
  (!('code' in error) || error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE');

function ignoreMissing(error: NodeJS.ErrnoException) {
  if (error.code !== 'ENOENT') throw error;
}
