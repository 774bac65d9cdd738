import { Button, Card, Group, NativeSelect, SimpleGrid, Stack, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { done } from '../../parts/notices.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { zoneChoices } from '../../parts/zones.ts';
import { useMay, useMe } from '../../session.tsx';
import { LanguageChoice, SchemeChoice } from '../../shell/Appearance.tsx';
import { useAppearance } from '../../shell/useAppearance.ts';
import { isFilled } from '../enter/rules.ts';
import { EmailCard } from './EmailCard.tsx';
import { keepMe } from './me.ts';

export function ProfilePart() {
  const { keep } = useMay();
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
      <Stack gap="lg">
        <PersonCard />
        <EmailCard />
      </Stack>
      <Stack gap="lg">
        <AppearanceCard />
        {keep && <AccountCard />}
      </Stack>
    </SimpleGrid>
  );
}

function PersonCard() {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation();
  const { user } = useMe();
  const form = useForm({ initialValues: { name: user.name }, validate: { name: isFilled } });
  const { busy, failure, submit } = useSubmit(form);
  const save = async ({ name }: typeof form.values) => {
    keepMe(await act('PATCH /api/panel/me', { body: { name: name.trim() } }));
    form.resetDirty({ name });
    done(common('saved'));
  };
  return (
    <Card>
      <form onSubmit={submit(save)} noValidate>
        <Stack>
          <Title order={2} size="h4">
            {t('you')}
          </Title>
          <TextInput label={t('name')} autoComplete="name" maxLength={100} {...form.getInputProps('name')} />
          {failure !== undefined && <FailureNote error={failure} />}
          <Group>
            <Button type="submit" loading={busy} disabled={!form.isDirty()}>
              {common('action.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

function AppearanceCard() {
  const { t } = useTranslation('settings');
  const { choose } = useAppearance();
  return (
    <Card>
      <Stack>
        <Title order={2} size="h4">
          {t('appearance')}
        </Title>
        <LanguageChoice onChoose={choose} />
        <SchemeChoice />
      </Stack>
    </Card>
  );
}

function AccountCard() {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation();
  const { account } = useMe();
  const form = useForm({
    initialValues: { name: account.name, time_zone: account.time_zone },
    validate: { name: isFilled },
  });
  const { busy, failure, submit } = useSubmit(form);
  const save = async ({ name, time_zone }: typeof form.values) => {
    keepMe(await act('PATCH /api/panel/account', { body: { name: name.trim(), time_zone } }));
    form.resetDirty({ name, time_zone });
    done(common('saved'));
  };
  return (
    <Card>
      <form onSubmit={submit(save)} noValidate>
        <Stack>
          <Title order={2} size="h4">
            {t('account')}
          </Title>
          <TextInput label={t('accountName')} maxLength={100} {...form.getInputProps('name')} />
          <NativeSelect
            label={t('zone')}
            description={t('zoneHint')}
            data={zoneChoices(account.time_zone)}
            {...form.getInputProps('time_zone')}
          />
          {failure !== undefined && <FailureNote error={failure} />}
          <Group>
            <Button type="submit" loading={busy} disabled={!form.isDirty()}>
              {common('action.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
