import { Alert, Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconMailForward } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import { currentLanguage } from '../../i18n.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { useSubmit } from '../../parts/useSubmit.ts';
import { EnterFrame } from './EnterFrame.tsx';
import { isEmail } from './rules.ts';

export function ForgotPage() {
  const { t } = useTranslation('enter');
  const installation = useAsk('GET /api/panel/installation');
  return (
    <EnterFrame title={t('forgot.title')}>
      <Loaded query={installation}>{({ mail }) => (mail ? <ForgotForm /> : <Text>{t('forgot.noMail')}</Text>)}</Loaded>
      <Anchor renderRoot={(props) => <Link to="/sign-in" {...props} />} size="sm">
        {t('forgot.back')}
      </Anchor>
    </EnterFrame>
  );
}

function ForgotForm() {
  const { t } = useTranslation('enter');
  const [sent, setSent] = useState(false);
  const form = useForm({ initialValues: { email: '' }, validate: { email: isEmail } });
  const { busy, failure, submit } = useSubmit(form);
  const ask = async ({ email }: typeof form.values) => {
    await act('POST /api/panel/password/forgot', { body: { email: email.trim(), language: currentLanguage() } });
    setSent(true);
  };
  if (sent)
    return (
      <Alert role="status" icon={<IconMailForward aria-hidden />}>
        {t('forgot.sent')}
      </Alert>
    );
  return (
    <form onSubmit={submit(ask)} noValidate>
      <Stack>
        <Text>{t('forgot.lead')}</Text>
        <TextInput
          label={t('signIn.email')}
          type="email"
          autoComplete="username"
          autoFocus
          {...form.getInputProps('email')}
        />
        {failure !== undefined && <FailureNote error={failure} />}
        <Button type="submit" size="md" loading={busy}>
          {t('forgot.submit')}
        </Button>
      </Stack>
    </form>
  );
}
