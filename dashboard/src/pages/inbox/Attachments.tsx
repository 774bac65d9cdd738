import { Anchor, Text } from '@mantine/core';
import { IconMapPin, IconUser } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ChatMessage } from '../../api/types.ts';
import { phone } from '../../parts/phones.ts';
import { plainName } from './peers.ts';

export function Place({ place }: { readonly place: NonNullable<ChatMessage['location']> }) {
  const { t } = useTranslation('inbox');
  const { latitude, longitude, name, address } = place;
  const at = `${latitude.toFixed(6)}, ${longitude.toFixed(6)}`;
  return (
    <div className="inbox-card">
      <IconMapPin size={20} aria-hidden />
      <div>
        <Text size="sm" fw={600}>
          <bdi>{plainName(name) || t('place.unnamed')}</bdi>
        </Text>
        {address !== null && (
          <Text size="xs">
            <bdi>{plainName(address)}</bdi>
          </Text>
        )}
        <Text size="xs" c="dimmed">
          {at}
        </Text>
        <Anchor
          size="sm"
          href={`https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`}
          target="_blank"
          rel="noopener noreferrer"
        >
          {t('place.map')}
        </Anchor>
      </div>
    </div>
  );
}

export function Cards({ contacts }: { readonly contacts: NonNullable<ChatMessage['contacts']> }) {
  const { t } = useTranslation('inbox');
  return contacts.map(({ name, vcard }) => (
    <div className="inbox-card" key={`${name} ${vcard}`}>
      <IconUser size={20} aria-hidden />
      <div>
        <Text size="sm" fw={600}>
          <bdi>{plainName(name) || t('kind.contact')}</bdi>
        </Text>
        {numbersOf(vcard).map((number) => (
          <Text size="sm" key={number}>
            {number}
          </Text>
        ))}
      </div>
    </div>
  ));
}

export function Poll({
  question,
  options,
  votes,
}: {
  readonly question: string | null;
  readonly options: NonNullable<ChatMessage['poll_options']>;
  readonly votes: ChatMessage['votes'];
}) {
  const { t } = useTranslation('inbox');
  return (
    <>
      <Text size="sm" fw={600}>
        <bdi>{plainName(question)}</bdi>
      </Text>
      <ul className="inbox-poll" aria-label={t('poll.options')}>
        {options.map((option) => {
          const chosen = votes.filter((vote) => vote.options.includes(option)).length;
          return (
            <li key={option}>
              <bdi>{plainName(option)}</bdi>
              {chosen > 0 && ` · ${t('poll.votes', { count: chosen })}`}
            </li>
          );
        })}
      </ul>
    </>
  );
}

export function Vote({ message: { quote, poll_vote } }: { readonly message: ChatMessage }) {
  const { t } = useTranslation('inbox');
  return (
    <>
      {/* The poll itself stands above as what it answers. */}
      <Text size="sm">{quote === null ? t('bubble.votedUnknown') : t('bubble.voted')}</Text>
      {poll_vote?.map((option) => (
        <Text size="sm" fw={600} key={option}>
          <bdi>{plainName(option)}</bdi>
        </Text>
      ))}
      {poll_vote?.length === 0 && <Text size="sm">{t('poll.takenBack')}</Text>}
    </>
  );
}

/** The telephone numbers of a vCard: WhatsApp's own id where it is there, else what stands in the line. */
export function numbersOf(vcard: string): readonly string[] {
  const numbers = vcard.split(/\r?\n/).flatMap((line) => {
    const [, parameters = '', value = ''] = /^(?:item\d+\.)?TEL([^:]*):(.+)$/i.exec(line) ?? [];
    const id = /waid=(\d{8,15})/i.exec(parameters)?.[1];
    return id === undefined ? (value === '' ? [] : [plainName(value)]) : [phone(id)];
  });
  return [...new Set(numbers)];
}
