import { Group, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { Data } from '../../api/client.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { FormEnd } from '../../parts/FormEnd.tsx';
import { failed } from '../../parts/notices.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { queries } from '../../queries.ts';
import { showToken } from '../device/freshTokens.ts';
import { isFilled } from '../enter/rules.ts';

interface Props {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function CreateDevice({ opened, onClose }: Props) {
  const { t } = useTranslation('devices');
  return (
    <Dialog opened={opened} onClose={onClose} title={t('create.title')}>
      <CreateForm onClose={onClose} />
    </Dialog>
  );
}

function CreateForm({ onClose }: Pick<Props, 'onClose'>) {
  const { t } = useTranslation('devices');
  const navigate = useNavigate();
  const installation = useAsk('GET /api/panel/installation');
  const form = useForm<{ name: string; kind: 'whatsapp' | 'sandbox' }>({
    initialValues: { name: '', kind: 'whatsapp' },
    validate: { name: isFilled },
  });
  const { busy, failure, submit } = useSubmit(form);

  // Made by a try whose second half failed: pressing again goes on with it.
  const made = useRef<Data<'POST /api/panel/devices'>>(undefined);

  const create = async ({ name, kind }: typeof form.values) => {
    made.current ??= await act('POST /api/panel/devices', { body: { name: name.trim(), kind } });
    const device = made.current;
    const params = { id: String(device.id) };
    const { token } = await act('POST /api/panel/devices/{id}/token', { params });
    showToken(device.id, token);
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/devices'] });
    // How many of the package's devices are in use.
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/me'] });
    onClose();
    await navigate({ to: '/devices/$deviceId', params: { deviceId: params.id } });
    // A phone that shall be linked is in the hand already: the first code is on its way when the page opens.
    if (device.kind === 'whatsapp') await act('POST /api/panel/devices/{id}/link', { params }).catch(failed);
  };

  return (
    <form onSubmit={submit(create)} noValidate>
      <Stack>
        <TextInput
          label={t('create.name')}
          description={t('create.nameHint')}
          data-autofocus
          maxLength={100}
          {...form.getInputProps('name')}
        />
        <Radio.Group label={t('create.kind')} {...form.getInputProps('kind')}>
          <Stack gap="xs" mt={6}>
            {(['whatsapp', 'sandbox'] as const)
              .filter((kind) => kind === 'whatsapp' || installation.data?.sandbox !== false)
              .map((kind) => (
                <Radio.Card key={kind} value={kind} p="sm" radius="md">
                  <Group wrap="nowrap" align="flex-start" gap="sm">
                    <Radio.Indicator mt={2} />
                    <div>
                      <Text fw={600} size="sm">
                        {t(`kind.${kind}`)}
                      </Text>
                      <Text size="sm" c="dimmed">
                        {t(`kindText.${kind}`)}
                      </Text>
                    </div>
                  </Group>
                </Radio.Card>
              ))}
          </Stack>
        </Radio.Group>
        {form.values.kind === 'whatsapp' && (
          <Text size="xs" c="dimmed">
            {t('risk')}
          </Text>
        )}
        <FormEnd failure={failure} busy={busy} onCancel={onClose} submit={t('create.submit')} />
      </Stack>
    </form>
  );
}
