import { stat } from 'node:fs/promises';
import sharp from 'sharp';
import { createTurns } from '../../base/turns.ts';

/**
 * Pictures as WhatsApp shows them. JPEG and PNG go as they are; GIF and WebP, which its image messages do not know, become JPEG (PNG
 * where something may shine through, so every GIF). Of an animation the first frame is shown: as `document` it would keep its movement.
 * Nothing over 64 megapixels is decoded, nor opened for more than its size.
 */
export const MAX_PIXELS = 64_000_000;
/** GIF and WebP are decoded whole, 4 bytes a pixel: at 64 megapixels a quarter of a gigabyte for one message. */
export const MAX_CONVERTED_PIXELS = 24_000_000;

const formats: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
};

export interface Picture {
  readonly mimetype: string;
  /** Of the new file at `target`; null: the file itself will do. */
  readonly converted: number | null;
}

export interface Pictures {
  /** Makes the file at `path` fit to be shown, in `target` if it must change. null: too large or broken, to go as a document. */
  prepare(path: string, mimetype: string, target: string): Promise<Picture | null>;
}

export function createPictures(): Pictures {
  /** One conversion at a time: what bounds the memory is their number. */
  const turns = createTurns<'conversion'>();

  return {
    async prepare(path, mimetype, target) {
      const seen = await sizeOf(path);
      if (seen === null || seen.format !== formats[mimetype] || seen.pixels > MAX_PIXELS) return null;
      if (mimetype === 'image/jpeg' || mimetype === 'image/png') return { mimetype, converted: null };
      if (seen.pixels > MAX_CONVERTED_PIXELS) return null;
      return turns('conversion', async () => {
        const image = sharp(path, { limitInputPixels: MAX_CONVERTED_PIXELS, failOn: 'error' });
        const done = seen.transparent ? image.png() : image.jpeg({ quality: 90 });
        const written = await orBroken(done.toFile(target));
        if (written === null) return null;
        const { size } = await stat(target);
        return { mimetype: seen.transparent ? 'image/png' : 'image/jpeg', converted: size };
      });
    },
  };
}

async function sizeOf(path: string) {
  const seen = await orBroken(sharp(path, { limitInputPixels: MAX_PIXELS }).metadata());
  if (seen === null) return null;
  return { format: seen.format, pixels: seen.width * (seen.pageHeight ?? seen.height), transparent: seen.hasAlpha };
}

/** libvips has no codes for its errors: whatever it can not open is no picture to us, and goes as a document. */
async function orBroken<T>(work: Promise<T>): Promise<T | null> {
  return work.catch(() => null);
}
