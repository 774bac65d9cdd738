import { open } from 'node:fs/promises';
import { fileTypeFromFile } from 'file-type';

/**
 * What a file is, from three witnesses: what the caller declared, the header it came with, and its own bytes. It is shown as an
 * image, video or audio only where all that speak agree; else it goes as a document, which WhatsApp takes of any type.
 */
export type MediaKind = 'image' | 'video' | 'audio' | 'document';

export interface Witnesses {
  readonly declared: MediaKind | undefined;
  /** Content-Type as it came. */
  readonly header: string | null;
  readonly bytes: FoundType;
  /** Lower case, without its dot; of the file's name. */
  readonly extension: string;
}

export interface FoundType {
  /** By magic number or markup; null: nothing that is known. */
  readonly mimetype: string | null;
  readonly extension: string | null;
}

export interface Verdict {
  readonly kind: MediaKind;
  readonly mimetype: string;
}

/** What WhatsApp's phones show or play, by the bytes' type, and the name they know it by. MP4 boxes hold a film or a song alike. */
const shown: Readonly<Record<string, Partial<Record<MediaKind, string>>>> = {
  'image/jpeg': { image: 'image/jpeg' },
  'image/png': { image: 'image/png' },
  'image/apng': { image: 'image/png' },
  'image/gif': { image: 'image/gif' },
  'image/webp': { image: 'image/webp' },
  'video/mp4': { video: 'video/mp4', audio: 'audio/mp4' },
  'video/x-m4v': { video: 'video/mp4' },
  'video/quicktime': { video: 'video/quicktime' },
  'video/webm': { video: 'video/webm' },
  'video/3gpp': { video: 'video/3gpp' },
  'audio/mpeg': { audio: 'audio/mpeg' },
  'audio/ogg': { audio: 'audio/ogg' },
  'audio/ogg; codecs=opus': { audio: 'audio/ogg; codecs=opus' },
  'audio/wav': { audio: 'audio/wav' },
  'audio/mp4': { audio: 'audio/mp4' },
  'audio/x-m4a': { audio: 'audio/mp4' },
  'audio/aac': { audio: 'audio/aac' },
  'audio/amr': { audio: 'audio/amr' },
};

/** Headers that say only that the server did not know. text/plain is Apache's word for that (WHATWG MIME Sniffing, 5.1). */
const silent = new Set([
  'application/octet-stream',
  'binary/octet-stream',
  'application/x-download',
  'application/force-download',
  'application/download',
  'application/ogg',
  'text/plain',
]);

/** Containers: which document is inside, header or name know better. */
const containers = new Set(['application/x-cfb', 'application/zip', 'application/xml']);

const byExtension: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  ppt: 'application/vnd.ms-powerpoint',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  csv: 'text/csv',
  txt: 'text/plain',
  json: 'application/json',
};

const essence = (header: string | null): string | null =>
  /^\s*([\w.+-]+\/[\w.+-]+)/.exec(header ?? '')?.[1]?.toLowerCase() ?? null;

function kindOf(mimetype: string): MediaKind {
  const family = mimetype.split('/')[0];
  return family === 'image' || family === 'video' || family === 'audio' ? family : 'document';
}

/** undefined: a web page was called a picture, film or song; that is an error page or a login, and nothing to send. */
export function judge({ declared, header, bytes, extension }: Witnesses): Verdict | undefined {
  if (bytes.mimetype === 'text/html' && declared !== undefined && declared !== 'document') return undefined;
  const said = essence(header);
  const speaks = said !== null && !silent.has(said) ? said : null;
  const claims = [declared, speaks === null ? undefined : kindOf(speaks)].filter((claim) => claim !== undefined);
  const possible = Object.entries(shown[bytes.mimetype ?? ''] ?? {});
  const [kind, mimetype] = possible.find(([each]) => claims.every((claim) => claim === each)) ?? [];
  if (kind !== undefined && mimetype !== undefined) return { kind: kind as MediaKind, mimetype };
  return { kind: 'document', mimetype: documentType(bytes.mimetype, speaks, extension, said) };
}

function documentType(found: string | null, speaks: string | null, extension: string, said: string | null): string {
  if (found !== null && !containers.has(found)) return found;
  const named = byExtension[extension];
  // What is no container has no magic number: a header that says picture or film of it is wrong.
  const told = speaks !== null && kindOf(speaks) === 'document' && speaks !== 'text/html' ? speaks : null;
  return told ?? named ?? found ?? (said === 'text/plain' ? said : 'application/octet-stream');
}

const HEAD = 4_096;
const page = /^<(!doctype html|(html|head|body|script|iframe|h1|div|font|table|a|style|title|b|br|p|meta|link)[\s/>])/i;
const drawing = /^(<!doctype svg|<svg[\s/>])/i;

/** By magic number; markup, which has none, by its first tag. */
export async function lookAt(path: string): Promise<FoundType> {
  const markup = markupOf(await headOf(path));
  if (markup !== null) return markup;
  const found = await fileTypeFromFile(path);
  return { mimetype: found?.mime ?? null, extension: found?.ext ?? null };
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function markupOf(head: Buffer): FoundType | null {
  const wide =
    head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : null;
  // Decoding drops the byte order mark.
  const text = new TextDecoder(wide ?? 'utf-8').decode(head);
  const first = text.replace(/^(\s+|<!--[\s\S]*?-->|<\?[\s\S]*?\?>)+/, '');
  if (drawing.test(first)) return { mimetype: 'image/svg+xml', extension: 'svg' };
  return page.test(first) ? { mimetype: 'text/html', extension: 'html' } : null;
}
