import { PasswordInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { SHORTEST_PASSWORD } from './rules.ts';

interface Fields {
  password: string;
  again: string;
}

/** A new password, twice. */
export function PasswordFields<V extends Fields>({ form }: { readonly form: UseFormReturnType<V> }) {
  const { t } = useTranslation('enter');
  return (
    <>
      <PasswordInput
        label={t('password.new')}
        description={t('password.hint', { count: SHORTEST_PASSWORD })}
        autoComplete="new-password"
        required
        withAsterisk={false}
        {...form.getInputProps('password')}
      />
      <PasswordInput
        label={t('password.again')}
        autoComplete="new-password"
        required
        withAsterisk={false}
        {...form.getInputProps('again')}
      />
    </>
  );
}
