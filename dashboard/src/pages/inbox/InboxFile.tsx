import { Anchor, Button, Loader, Text } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { IconDownload, IconFile, IconMicrophone, IconPhoto, IconVideo } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/client.ts';
import type { ChatMessage, FileLink } from '../../api/types.ts';
import { sentenceOf } from '../../parts/failures.ts';
import { bytes } from '../../parts/numbers.ts';
import { kindText } from './kinds.ts';
import { plainName, writerOf } from './peers.ts';

interface Props {
  readonly message: ChatMessage;
  readonly deviceId: number;
}

/** A file of somebody: images are fetched when they come into sight, the rest when it is asked for. */
export function InboxFile({ message, deviceId }: Props) {
  if (message.inbox_id === null) return <FileName message={message} />;
  return <Kept message={message} deviceId={deviceId} inboxId={message.inbox_id} />;
}

const isImage = ({ type, media }: ChatMessage) =>
  (type === 'image' || type === 'sticker') && /^image\/(jpeg|png|webp|gif)\b/.test(media?.mimetype ?? '');

/** Links expire; one is asked for anew before that. */
const FRESH_MS = 5 * 60_000;

function Kept({ message, deviceId, inboxId }: Props & { readonly inboxId: number }) {
  const { t } = useTranslation('inbox');
  const image = isImage(message);
  const { ref, entry } = useIntersection({ rootMargin: '200px' });
  const [wanted, setWanted] = useState(false);
  const [broken, setBroken] = useState(false);
  const params = { id: String(deviceId), inbox_id: String(inboxId) };
  const link = useQuery({
    queryKey: ['GET /api/panel/devices/{id}/files/{inbox_id}', { params }],
    queryFn: ({ signal }) => call('GET /api/panel/devices/{id}/files/{inbox_id}', { params }, signal),
    enabled: wanted || (image && entry?.isIntersecting === true),
    staleTime: FRESH_MS,
    retry: false,
  });
  const file = link.data?.data;
  return (
    <div className="inbox-file" ref={ref}>
      {image && file !== undefined && !broken && <Picture message={message} file={file} onBroken={setBroken} />}
      {file !== undefined && isPlayable(message) && !broken && (
        <Player message={message} file={file} onBroken={setBroken} />
      )}
      {(!image || file === undefined || broken) && <FileName message={message} />}
      {broken && <Text size="xs">{t('file.broken')}</Text>}
      {link.isError && (
        <Text size="xs" className="bad" role="alert">
          {sentenceOf(link.error)}
        </Text>
      )}
      {link.isFetching && file === undefined ? (
        <Text size="xs" c="dimmed" role="status">
          <Loader size={12} aria-hidden /> {t('file.loading')}
        </Text>
      ) : file === undefined ? (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => (link.isError ? void link.refetch() : setWanted(true))}
        >
          {link.isError
            ? t('file.again')
            : t(image ? 'file.show' : isPlayable(message) ? 'file.play' : 'file.download')}
        </Button>
      ) : (
        <Anchor size="sm" href={file.url} download={nameOf(message) ?? true} className="inbox-download">
          <IconDownload size={14} aria-hidden /> {t('file.download')}
          {file.bytes !== null && ` (${bytes(file.bytes)})`}
        </Anchor>
      )}
    </div>
  );
}

interface ShownProps {
  readonly message: ChatMessage;
  readonly file: FileLink;
  readonly onBroken: (broken: boolean) => void;
}

function Picture({ message, file, onBroken }: ShownProps) {
  const { t } = useTranslation('inbox');
  const { width, height } = message.media ?? {};
  return (
    <img
      src={file.url}
      alt={t('file.imageOf', { who: writerOf(message) })}
      className="inbox-picture"
      {...(width && height ? { width, height } : {})}
      onError={() => onBroken(true)}
    />
  );
}

const isPlayable = ({ type }: ChatMessage) => type === 'audio' || type === 'voice' || type === 'video';

function Player({ message, file, onBroken }: ShownProps) {
  const label = `${kindText(message.type)}, ${writerOf(message)}`;
  return message.type === 'video' ? (
    // biome-ignore lint/a11y/useMediaCaption: what people send has no captions
    <video src={file.url} controls className="inbox-picture" aria-label={label} onError={() => onBroken(true)} />
  ) : (
    // biome-ignore lint/a11y/useMediaCaption: what people send has no captions
    <audio src={file.url} controls className="inbox-audio" aria-label={label} onError={() => onBroken(true)} />
  );
}

const icons: Readonly<Record<string, typeof IconFile>> = {
  image: IconPhoto,
  sticker: IconPhoto,
  video: IconVideo,
  audio: IconMicrophone,
  voice: IconMicrophone,
};

const nameOf = ({ media }: ChatMessage): string | null => plainName(media?.filename ?? null) || null;

function FileName({ message }: { readonly message: ChatMessage }) {
  const { media, type } = message;
  const Icon = icons[type] ?? IconFile;
  const seconds = media?.seconds ?? null;
  return (
    <span className="inbox-file-name">
      <Icon size={18} aria-hidden />
      <bdi>{nameOf(message) ?? kindText(type)}</bdi>
      {seconds !== null && (
        <span className="nowrap">
          {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, '0')}
        </span>
      )}
      {media?.bytes != null && <span className="nowrap">{bytes(media.bytes)}</span>}
    </span>
  );
}
