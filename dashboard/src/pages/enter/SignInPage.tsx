import { Anchor, Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Link, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import { ApiFailure } from '../../api/failure.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { useSubmit } from '../../parts/useSubmit.ts';
import { CodeForm } from './CodeForm.tsx';
import { EnterFrame } from './EnterFrame.tsx';
import { useEnter } from './entering.ts';
import { isEmail, isFilled } from './rules.ts';

export function SignInPage() {
  const enter = useEnter();
  const { t } = useTranslation('enter');
  const { to } = useSearch({ from: '/sign-in' });
  const installation = useAsk('GET /api/panel/installation');
  const [wantsCode, setWantsCode] = useState(false);
  const form = useForm({
    initialValues: { email: '', password: '' },
    validate: { email: isEmail, password: isFilled },
  });
  const { busy, failure, submit } = useSubmit(form);

  const signIn = async (code?: string) => {
    const { email, password } = form.getValues();
    const body = { email: email.trim(), password, ...(code === undefined ? {} : { code }) };
    await enter(await act('POST /api/panel/sign-in', { body }), to);
  };
  const first = async () => {
    try {
      await signIn();
    } catch (error) {
      if (error instanceof ApiFailure && error.code === 'code_required') setWantsCode(true);
      else throw error;
    }
  };

  if (wantsCode)
    return (
      <EnterFrame key="code" title={t('totp.title')}>
        <CodeForm onCode={signIn} />
      </EnterFrame>
    );
  return (
    <EnterFrame key="password" title={t('signIn.title')}>
      <form onSubmit={submit(first)} noValidate>
        <Stack>
          <TextInput
            label={t('signIn.email')}
            type="email"
            autoComplete="username"
            autoFocus
            {...form.getInputProps('email')}
          />
          <PasswordInput
            label={t('signIn.password')}
            autoComplete="current-password"
            {...form.getInputProps('password')}
          />
          {failure !== undefined && <FailureNote error={failure} />}
          <Button type="submit" loading={busy} fullWidth size="md">
            {t('signIn.submit')}
          </Button>
          <Group justify="space-between" gap="xs">
            <Anchor renderRoot={(props) => <Link to="/forgot" {...props} />} size="sm">
              {t('signIn.forgot')}
            </Anchor>
            {installation.data?.sign_up === 'open' && (
              <Text size="sm">
                {t('signIn.noAccount')}{' '}
                <Anchor renderRoot={(props) => <Link to="/sign-up" {...props} />}>{t('signIn.signUp')}</Anchor>
              </Text>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            {t('signIn.linkHint')}
          </Text>
        </Stack>
      </form>
    </EnterFrame>
  );
}
