import { crc32 } from 'node:zlib';
import sharp from 'sharp';

const text = (words: string) => Buffer.from(words);
const padded = (...parts: readonly Uint8Array[]) => Buffer.concat([...parts, Buffer.alloc(64)]);
const box = (brand: string) => padded(Buffer.of(0, 0, 0, 24), text(`ftyp${brand}`), Buffer.alloc(4), text(brand));
const raw = (channels: 3 | 4, height = 20) =>
  sharp({ create: { width: 20, height, channels, background: { r: 200, g: 20, b: 20, alpha: 0.5 } } });

/** Two frames, red and blue. */
async function animation(): Promise<Buffer> {
  const frames = await Promise.all(
    ['#ff0000', '#0000ff'].map((background) =>
      sharp({ create: { width: 20, height: 20, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  return sharp(frames, { join: { animated: true } })
    .gif({ delay: [100, 100] })
    .toBuffer();
}

/** The smallest files that are what they say, as far as a first look tells. */
export const files = {
  jpeg: () => raw(3).jpeg().toBuffer(),
  png: () => raw(4).png().toBuffer(),
  webp: () => raw(3).webp().toBuffer(),
  webpTransparent: () => raw(4).webp().toBuffer(),
  gif: () => raw(3).gif().toBuffer(),
  gifAnimated: animation,
  mp4: async () => box('isom'),
  mov: async () => box('qt  '),
  m4a: async () => box('M4A '),
  webm: async () => padded(Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d', 'hex')),
  mp3: async () => padded(Buffer.from('fffb9064', 'hex')),
  ogg: async () => padded(text('OggS'), Buffer.alloc(24), text('\x01vorbis')),
  opus: async () => padded(text('OggS'), Buffer.alloc(24), text('OpusHead')),
  wav: async () => padded(text('RIFF\0\0\0\0WAVEfmt ')),
  pdf: async () => padded(text('%PDF-1.7\n')),
  doc: async () => padded(Buffer.from('d0cf11e0a1b11ae1', 'hex')),
  html: async () => text('\n<!-- hello -->\n<!DOCTYPE html><html><body>Sign in</body></html>'),
  svg: async () =>
    text('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
  csv: async () => text('name,phone\nA,628123456789\n'),
} as const satisfies Record<string, () => Promise<Buffer>>;

/** A PNG whose header promises `width` × `height` and holds next to nothing. */
export async function hugePng(width: number, height: number): Promise<Buffer> {
  const png = await raw(3).png().toBuffer();
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}
