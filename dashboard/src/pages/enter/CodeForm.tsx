import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { useSubmit } from '../../parts/useSubmit.ts';
import { isFilled } from './rules.ts';

/** The second step, where an authenticator app is set up. */
export function CodeForm({ onCode }: { readonly onCode: (code: string) => Promise<unknown> }) {
  const { t } = useTranslation('enter');
  const [recovery, setRecovery] = useState(false);
  const form = useForm({ initialValues: { code: '' }, validate: { code: isFilled } });
  const { busy, failure, submit } = useSubmit(form);
  return (
    <form onSubmit={submit(({ code }) => onCode(code))} noValidate>
      <Stack>
        <Text>{t('totp.lead')}</Text>
        <TextInput
          key={String(recovery)}
          label={t(recovery ? 'totp.recoveryCode' : 'totp.code')}
          autoComplete="one-time-code"
          inputMode={recovery ? 'text' : 'numeric'}
          autoFocus
          {...form.getInputProps('code')}
        />
        {failure !== undefined && <FailureNote error={failure} />}
        <Button type="submit" loading={busy}>
          {t('totp.submit')}
        </Button>
        <Anchor component="button" type="button" size="sm" onClick={() => setRecovery(!recovery)}>
          {t(recovery ? 'totp.app' : 'totp.recovery')}
        </Anchor>
      </Stack>
    </form>
  );
}
