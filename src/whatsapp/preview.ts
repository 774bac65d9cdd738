import { getAudioDuration } from 'baileys';
import sharp from 'sharp';
import { asError } from '../base/errors.ts';
import type { MediaContent, Preview } from './outbound.ts';

/** Above this a file goes without a preview: it costs a whole read, and phones show the file all the same. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_PIXELS = 64_000_000;
const WIDTH = 100;

type Look = (path: string) => Promise<Preview>;

const picture: Look = async (path) => {
  const image = sharp(path, { limitInputPixels: MAX_PIXELS });
  const { autoOrient } = await image.metadata();
  const jpegThumbnail = await image
    .autoOrient()
    .resize({ width: WIDTH, withoutEnlargement: true })
    .jpeg({ quality: 50 })
    .toBuffer();
  return { jpegThumbnail, width: autoOrient.width, height: autoOrient.height };
};

const sound: Look = async (path) => {
  const seconds = await getAudioDuration(path);
  return seconds === undefined ? {} : { seconds: Math.ceil(seconds) };
};

const looks: Partial<Record<MediaContent['type'], Look>> = { image: picture, audio: sound };

/** What the chat shows before the file is opened. A file that cannot be looked into goes without: that is not a failure to send. */
export async function previewOf(content: MediaContent, onFailure: (error: Error) => void): Promise<Preview> {
  const look = looks[content.type];
  if (!look || content.bytes > MAX_BYTES) return {};
  return look(content.path).catch((error) => {
    onFailure(asError(error));
    return {};
  });
}
