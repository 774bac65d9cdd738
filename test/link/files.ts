import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Content } from '../../src/whatsapp/index.ts';

type MediaContent = Exclude<Content, { type: 'text' }>;

/** A file of the gateway, as its media store would hand it over. */
export async function mediaFile(bytes: Buffer, more: Partial<MediaContent> = {}): Promise<MediaContent> {
  const path = join(await mkdtemp(join(tmpdir(), 'wagate-link-')), randomBytes(6).toString('hex'));
  await writeFile(path, bytes);
  return { type: 'document', path, bytes: bytes.length, mimetype: 'application/octet-stream', ...more };
}

export const textFile = (): Promise<Content> => mediaFile(Buffer.from('isi berkas'), { mimetype: 'text/plain' });
