import { Button, Card, Group, PasswordInput, Stack, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { done } from '../../parts/notices.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { useMe } from '../../session.tsx';
import { isEmail, isFilled } from '../enter/rules.ts';
import { keepMe } from './me.ts';

/** The address to sign in with; the password proves who asks. */
export function EmailCard() {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation();
  const me = useMe();
  const form = useForm({
    initialValues: { email: me.user.email, current_password: '' },
    validate: { email: isEmail, current_password: me.may_set_password ? () => null : isFilled },
  });
  const { busy, failure, submit } = useSubmit(form);
  const changed = form.values.email.trim().toLowerCase() !== me.user.email;
  const save = async ({ email, current_password }: typeof form.values) => {
    const body = { email: email.trim(), ...(me.may_set_password ? {} : { current_password }) };
    const after = await act('PUT /api/panel/me/email', { body });
    keepMe(after);
    form.setValues({ email: after.user.email, current_password: '' });
    done(common('saved'));
  };
  return (
    <Card>
      <form onSubmit={submit(save)} noValidate>
        <Stack>
          <Title order={2} size="h4">
            {t('email.title')}
          </Title>
          <TextInput label={t('email.label')} type="email" autoComplete="username" {...form.getInputProps('email')} />
          {changed && !me.may_set_password && (
            <PasswordInput
              label={t('password.current')}
              autoComplete="current-password"
              {...form.getInputProps('current_password')}
            />
          )}
          {failure !== undefined && <FailureNote error={failure} />}
          <Group>
            <Button type="submit" loading={busy} disabled={!changed}>
              {common('action.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
