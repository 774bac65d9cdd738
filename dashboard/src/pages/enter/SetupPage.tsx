import { Button, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Navigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { Me } from '../../api/types.ts';
import { currentLanguage } from '../../i18n.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { useSubmit } from '../../parts/useSubmit.ts';
import { proposedZone, zoneChoices } from '../../parts/zones.ts';
import { EnterFrame } from './EnterFrame.tsx';
import { useEnter } from './entering.ts';
import { PasswordFields } from './PasswordFields.tsx';
import { isEmail, isFilled, isPassword, isSame } from './rules.ts';

/** The first sign-in on a new server: a real address and a password, so that there is a next one, and the time zone. */
export function SetupPage() {
  const { t } = useTranslation('enter');
  const me = useAsk('GET /api/panel/me');
  return (
    <EnterFrame title={t('setup.title')}>
      <Loaded query={me}>
        {(it) => (it.needs.length === 0 ? <Navigate to="/" replace /> : <SetupForm me={it} />)}
      </Loaded>
    </EnterFrame>
  );
}

function SetupForm({ me }: { readonly me: Me }) {
  const enter = useEnter();
  const { t } = useTranslation('enter');
  const { role, time_zone: zone } = me.account;
  const mayChoose = role === 'owner' || role === 'admin';
  const proposed = proposedZone(zone);
  const form = useForm({
    initialValues: {
      name: '',
      email: me.needs.includes('email') ? '' : me.user.email,
      time_zone: proposed,
      password: '',
      again: '',
    },
    validate: { name: isFilled, email: isEmail, password: isPassword, again: isSame },
  });
  const { busy, failure, submit } = useSubmit(form);
  const save = async ({ name, email, time_zone, password }: typeof form.values) => {
    await act('PATCH /api/panel/me', { body: { name: name.trim(), language: currentLanguage() } });
    if (email.trim().toLowerCase() !== me.user.email)
      await act('PUT /api/panel/me/email', { body: { email: email.trim() } });
    if (mayChoose && time_zone !== zone) await act('PATCH /api/panel/account', { body: { time_zone } });
    await enter(await act('PUT /api/panel/me/password', { body: { password } }), '/');
  };
  return (
    <form onSubmit={submit(save)} noValidate>
      <Stack>
        <Text>{t('setup.lead')}</Text>
        <TextInput label={t('signUp.name')} autoComplete="name" autoFocus {...form.getInputProps('name')} />
        <TextInput label={t('signIn.email')} type="email" autoComplete="username" {...form.getInputProps('email')} />
        {mayChoose && (
          <NativeSelect
            label={t('setup.zone')}
            description={t('setup.zoneHint')}
            data={zoneChoices(zone, proposed)}
            {...form.getInputProps('time_zone')}
          />
        )}
        <PasswordFields form={form} />
        {failure !== undefined && <FailureNote error={failure} />}
        <Button type="submit" size="md" loading={busy}>
          {t('setup.submit')}
        </Button>
      </Stack>
    </form>
  );
}
