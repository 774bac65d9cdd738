import { Alert, Button, Card, Group, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { done } from '../../parts/notices.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { queries } from '../../queries.ts';
import { useMe } from '../../session.tsx';
import { PasswordFields } from '../enter/PasswordFields.tsx';
import { isFilled, isPassword, isSame } from '../enter/rules.ts';
import { keepMe } from './me.ts';

export function PasswordCard() {
  const { t } = useTranslation('settings');
  const me = useMe();
  const form = useForm({
    initialValues: { current_password: '', password: '', again: '' },
    validate: {
      current_password: me.may_set_password ? () => null : isFilled,
      password: isPassword,
      again: isSame,
    },
  });
  const { busy, failure, submit } = useSubmit(form);
  const save = async ({ current_password, password }: typeof form.values) => {
    const body = { password, ...(me.may_set_password ? {} : { current_password }) };
    keepMe(await act('PUT /api/panel/me/password', { body }));
    form.reset();
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/me/sessions'] });
    done(t('password.saved'));
  };
  return (
    <Card>
      <form onSubmit={submit(save)} noValidate>
        <Stack>
          <Title order={2} size="h4">
            {t('password.title')}
          </Title>
          {me.may_set_password && <Alert>{t('password.byLink')}</Alert>}
          {!me.may_set_password && (
            <PasswordInput
              label={t('password.current')}
              autoComplete="current-password"
              {...form.getInputProps('current_password')}
            />
          )}
          <PasswordFields form={form} />
          <Text size="sm" c="dimmed">
            {t('password.others')}
          </Text>
          {failure !== undefined && <FailureNote error={failure} />}
          <Group>
            <Button type="submit" loading={busy}>
              {t('password.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
