/** File names are the sender's words, shown on the recipient's phone. They never name a file of ours: those have random names. */

const LONGEST = 255;
const LONGEST_EXTENSION = 16;

export interface NameSources {
  readonly filename?: string | null | undefined;
  readonly contentDisposition?: string | null | undefined;
  readonly url?: string | undefined;
}

/** The first that gives a name: the caller, Content-Disposition, the URL's last segment. Empty when none does. */
export function fileNameOf({ filename, contentDisposition, url }: NameSources): string {
  const sources = [() => filename ?? '', () => fromDisposition(contentDisposition ?? ''), () => fromUrl(url)];
  for (const source of sources) {
    const name = sanitised(source());
    if (name !== '') return name;
  }
  return '';
}

/** Letters of every script stay; path separators, control characters and marks that turn the writing direction go. */
export function sanitised(given: string): string {
  const last = given.split(/[/\\]/).findLast((part) => part.trim() !== '') ?? '';
  const clean = last
    .normalize('NFC')
    // \p{Cf} has U+202E, with which exe.gpj is shown as jpg.exe; U+200D joins emoji and stays.
    .replace(/(?!\u200d)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .replace(/^[\s.]+|[\s.]+$/g, '');
  return shortened(clean);
}

/** At most 255 code points, and the extension survives. */
function shortened(name: string): string {
  const points = [...name];
  if (points.length <= LONGEST) return name;
  const extension = extensionOf(name);
  const tail = extension === '' ? [] : [...`.${extension}`];
  return [...points.slice(0, LONGEST - tail.length), ...tail].join('');
}

/** Lower case, without its dot; empty when there is none. */
export function extensionOf(name: string): string {
  const extension = /\.([\p{L}\p{N}]+)$/u.exec(name)?.[1] ?? '';
  return extension.length <= LONGEST_EXTENSION ? extension.toLowerCase() : '';
}

function fromUrl(url: string | undefined): string {
  const path = url === undefined ? '' : (URL.parse(url)?.pathname ?? '');
  return decoded(path.split('/').at(-1) ?? '');
}

/** RFC 6266: `filename*` before `filename`; the latter often holds raw UTF-8, which HTTP hands on as Latin-1. */
function fromDisposition(header: string): string {
  const extended = /(?:^|;)\s*filename\*\s*=\s*(?:utf-8|iso-8859-1)'[^']*'([^;\s]+)/i.exec(header)?.[1];
  if (extended !== undefined) return decoded(extended);
  const quoted = /(?:^|;)\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(header)?.[1]?.replace(/\\(["\\])/g, '$1');
  const plain = quoted ?? /(?:^|;)\s*filename\s*=\s*([^;"\s]+)/i.exec(header)?.[1] ?? '';
  return decoded(asUtf8(plain));
}

function asUtf8(text: string): string {
  if ([...text].some((letter) => letter > '\u00ff')) return text;
  const utf8 = Buffer.from(text, 'latin1').toString('utf8');
  return utf8.includes('\ufffd') ? text : utf8;
}

/** Percent-decoded, or as it is where it is no percent-encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
