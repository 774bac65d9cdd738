import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import { currentLanguage } from '../../i18n.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { useSubmit } from '../../parts/useSubmit.ts';
import { browserZone } from '../../parts/zones.ts';
import { EnterFrame } from './EnterFrame.tsx';
import { useEnter } from './entering.ts';
import { PasswordFields } from './PasswordFields.tsx';
import { isEmail, isFilled, isPassword, isSame } from './rules.ts';

export function SignUpPage() {
  const { t } = useTranslation('enter');
  const installation = useAsk('GET /api/panel/installation');
  return (
    <EnterFrame title={t('signUp.title')}>
      <Loaded query={installation}>
        {({ sign_up }) => (sign_up === 'open' ? <SignUpForm /> : <Text>{t('signUp.closed')}</Text>)}
      </Loaded>
      <Text size="sm">
        {t('signUp.have')}{' '}
        <Anchor renderRoot={(props) => <Link to="/sign-in" {...props} />}>{t('signIn.title')}</Anchor>
      </Text>
    </EnterFrame>
  );
}

function SignUpForm() {
  const enter = useEnter();
  const { t } = useTranslation('enter');
  const form = useForm({
    initialValues: { name: '', email: '', password: '', again: '' },
    validate: { name: isFilled, email: isEmail, password: isPassword, again: isSame },
  });
  const { busy, failure, submit } = useSubmit(form);
  const signUp = async ({ name, email, password }: typeof form.values) => {
    const time_zone = browserZone();
    const body = {
      name: name.trim(),
      email: email.trim(),
      password,
      language: currentLanguage(),
      ...(time_zone === undefined ? {} : { time_zone }),
    };
    await enter(await act('POST /api/panel/sign-up', { body }), '/');
  };
  return (
    <form onSubmit={submit(signUp)} noValidate>
      <Stack>
        <TextInput label={t('signUp.name')} autoComplete="name" autoFocus {...form.getInputProps('name')} />
        <TextInput label={t('signIn.email')} type="email" autoComplete="username" {...form.getInputProps('email')} />
        <PasswordFields form={form} />
        {failure !== undefined && <FailureNote error={failure} />}
        <Button type="submit" size="md" loading={busy}>
          {t('signUp.submit')}
        </Button>
      </Stack>
    </form>
  );
}
