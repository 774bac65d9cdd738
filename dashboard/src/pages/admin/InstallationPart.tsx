import { Button, Card, Group, NativeSelect, Stack, Switch, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { act, keyOf, useAsk } from '../../api/ask.ts';
import type { InstallationSettings } from '../../api/types.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { done } from '../../parts/notices.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { queries } from '../../queries.ts';
import { isFilled } from '../enter/rules.ts';

export function InstallationPart() {
  const settings = useAsk('GET /api/panel/admin/settings');
  return <Loaded query={settings}>{(it) => <Form settings={it} />}</Loaded>;
}

function Form({ settings }: { readonly settings: InstallationSettings }) {
  const { t } = useTranslation('admin');
  const { t: common } = useTranslation();
  const packages = useAsk('GET /api/panel/admin/packages');
  const form = useForm({
    initialValues: {
      name: settings.name,
      open: settings.sign_up === 'open',
      sign_up_package_id: String(settings.sign_up_package_id ?? ''),
      bank_transfer: settings.bank_transfer,
    },
    validate: { name: isFilled },
  });
  const { busy, failure, submit } = useSubmit(form);
  const save = async (given: typeof form.values) => {
    const data = await act('PATCH /api/panel/admin/settings', {
      body: {
        name: given.name.trim(),
        sign_up: given.open ? 'open' : 'closed',
        sign_up_package_id: given.sign_up_package_id === '' ? null : Number(given.sign_up_package_id),
        bank_transfer: given.bank_transfer,
      },
    });
    queries.setQueryData(keyOf('GET /api/panel/admin/settings'), { success: true, data });
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/installation'] });
    form.resetDirty(given);
    done(common('saved'));
  };
  return (
    <Card maw={640}>
      <form onSubmit={submit(save)} noValidate>
        <Stack>
          <TextInput label={t('settings.name')} maxLength={60} {...form.getInputProps('name')} />
          <Switch
            label={t('settings.signUp')}
            description={t('settings.signUpHint')}
            {...form.getInputProps('open', { type: 'checkbox' })}
          />
          <NativeSelect
            label={t('settings.package')}
            data={[
              { value: '', label: t('settings.firstTrial') },
              ...(packages.data ?? []).map(({ id, name }) => ({ value: String(id), label: name })),
            ]}
            {...form.getInputProps('sign_up_package_id')}
          />
          <Textarea
            label={t('settings.transfer')}
            description={t('settings.transferHint')}
            autosize
            minRows={3}
            maxLength={2000}
            {...form.getInputProps('bank_transfer')}
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
