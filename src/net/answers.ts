import type { Dispatcher } from 'undici';
import { sizeText, Unreachable } from './reasons.ts';

/** Reading what a stranger's server answered: nothing in it is believed before it is counted. */
export type Answer = Dispatcher.ResponseData;

export function header({ headers }: Answer, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

export function lengthOf(answer: Answer): number | null {
  const text = header(answer, 'content-length');
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

/** Why an answer is not read at all. */
export function refusalOf(answer: Answer, maxBytes: number): string | undefined {
  if (answer.statusCode !== 200) return `HTTP ${answer.statusCode}`;
  // Not asked for, so not unpacked: what is small on the wire may be a bomb.
  const encoding = header(answer, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding !== '' && encoding !== 'identity') return 'compressed answer';
  return (lengthOf(answer) ?? 0) > maxBytes ? `larger than ${sizeText(maxBytes)}` : undefined;
}

/** The body; fails as soon as it is larger than `maxBytes`. Whoever stops reading ends the connection. */
export async function* counted(
  { body }: Answer,
  maxBytes: number,
  cancel: () => void,
  problem: (thrown: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Unreachable(`larger than ${sizeText(maxBytes)}`);
      yield chunk;
    }
  } catch (thrown) {
    throw problem(thrown);
  } finally {
    cancel();
  }
}

/** The first `maxBytes` of a body as text; the rest is not read. */
export async function beginning({ body }: Answer, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxBytes) break; // ends the stream and its socket
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, maxBytes));
}
