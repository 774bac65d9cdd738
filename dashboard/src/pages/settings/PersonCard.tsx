import { Button, Card, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import type { PersonSummary } from '../../api/types.ts';
import { Confirm } from '../../parts/Confirm.tsx';
import { Facts } from '../../parts/Facts.tsx';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { done } from '../../parts/notices.ts';
import { dateTime } from '../../parts/times.ts';
import { useAction } from '../../parts/useAction.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { useMe } from '../../session.tsx';

interface Found {
  readonly person: string;
  readonly summary: PersonSummary;
}

/** What the account keeps of one person: shown, handed out as a file, erased. */
export function PersonCard() {
  const { t } = useTranslation('settings');
  const form = useForm({ initialValues: { person: '' } });
  const { busy, failure, submit } = useSubmit(form);
  const [found, setFound] = useState<Found>();
  const look = async ({ person }: typeof form.values) =>
    setFound({ person, summary: await act('POST /api/panel/people/look', { body: { person } }) });
  return (
    <Card>
      <form onSubmit={submit(look)} noValidate>
        <Stack>
          <Title order={2} size="h4">
            {t('person.title')}
          </Title>
          <Text size="sm" c="dimmed">
            {t('person.lead')}
          </Text>
          <TextInput
            label={t('person.label')}
            placeholder="0812…"
            inputMode="tel"
            autoComplete="off"
            maw={320}
            {...form.getInputProps('person')}
          />
          {failure !== undefined && <FailureNote error={failure} />}
          <Group>
            <Button type="submit" loading={busy} disabled={form.values.person.trim() === ''}>
              {t('person.look')}
            </Button>
          </Group>
        </Stack>
      </form>
      {found !== undefined && <What found={found} onErased={() => setFound(undefined)} />}
    </Card>
  );
}

function What({ found: { person, summary }, onErased }: { readonly found: Found; readonly onErased: () => void }) {
  const { t } = useTranslation('settings');
  const { account } = useMe();
  const [asking, ask] = useDisclosure(false);
  const { busy, run } = useAction();
  const name = summary.phone ?? summary.hidden_ids[0] ?? person;
  const hand = () =>
    run(async () => {
      const record = await act('POST /api/panel/people/export', { body: { person } });
      save(JSON.stringify(record, null, 2), `wagate-${name.replace(/\D/g, '')}.json`);
    });
  const erase = async () => {
    const { struck, ...gone } = await act('POST /api/panel/people/erase', { body: { person, confirm: person } });
    onErased();
    done(t('person.erased', { count: Object.values(gone).reduce((sum, count) => sum + count, 0), struck }));
  };
  return (
    <Stack mt="lg">
      <Facts
        rows={[
          [t('person.number'), summary.phone ?? t('person.unknown')],
          [t('person.hidden'), summary.hidden_ids.join(', ') || '—'],
          [t('person.sent'), summary.sent],
          [t('person.received'), summary.received],
          [t('person.files'), summary.files],
          [t('person.events'), summary.events],
          [
            t('person.optedOut'),
            summary.opted_out_at === null ? t('person.no') : dateTime(summary.opted_out_at, account.time_zone),
          ],
        ]}
      />
      <Group>
        <Button variant="default" onClick={() => void hand()} loading={busy}>
          {t('person.export')}
        </Button>
        <Button color="red.8" onClick={ask.open}>
          {t('person.erase')}
        </Button>
      </Group>
      <Confirm
        opened={asking}
        onClose={ask.close}
        title={t('person.eraseTitle', { name })}
        action={t('person.erase')}
        danger
        typed={name}
        onConfirm={erase}
      >
        <Text size="sm">{t('person.eraseText')}</Text>
      </Confirm>
    </Stack>
  );
}

/** Hands a text to the browser as a file. */
function save(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
