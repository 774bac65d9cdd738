import { Button, Card, Collapse, Group, NumberInput, Stack, Switch, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import { act, keyOf } from '../../api/ask.ts';
import type { PanelDeviceDetail } from '../../api/types.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { done } from '../../parts/notices.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { zoneLabel } from '../../parts/zones.ts';
import { queries } from '../../queries.ts';
import { useZone } from '../../session.tsx';
import { isFilled, isGiven, isWhole } from '../enter/rules.ts';

/**
 * Least and most, as the server takes them: it names the pacing as a whole, and pauses in milliseconds. What is beyond them is said beside
 * its field, not changed to the nearest (`clampBehavior`): who typed 900 would find 600 saved.
 */
const figures = {
  per_minute: [1, 10_000],
  per_hour: [1, 100_000],
  per_day: [1, 1_000_000],
  new_conversations_per_day: [0, 1_000_000],
} as const;
const LONGEST_PAUSE = 600;

const isPause = (value: number | string) =>
  isGiven(value) ??
  (Number(value) >= 0 && Number(value) <= LONGEST_PAUSE
    ? null
    : i18next.t('devices:settings.gapLimit', { max: LONGEST_PAUSE }));

export function SettingsCard({ device }: { readonly device: PanelDeviceDetail }) {
  const { t } = useTranslation('devices');
  const { t: common } = useTranslation();
  const zone = useZone();
  const { pacing } = device;
  const form = useForm({
    initialValues: {
      name: device.name,
      default_country: device.default_country,
      enabled: pacing.enabled,
      gapFrom: (pacing.gap_ms[0] ?? 0) / 1000,
      gapTo: (pacing.gap_ms[1] ?? 0) / 1000,
      per_minute: pacing.per_minute,
      per_hour: pacing.per_hour,
      per_day: pacing.per_day,
      new_conversations_per_day: pacing.new_conversations_per_day,
      quiet: pacing.quiet_hours !== null,
      from: pacing.quiet_hours?.from ?? '21:00',
      to: pacing.quiet_hours?.to ?? '07:00',
    },
    validate: {
      name: isFilled,
      default_country: isFilled,
      gapFrom: isPause,
      gapTo: (value, { gapFrom }) =>
        isPause(value) ?? (Number(gapFrom) > Number(value) ? i18next.t('failures:field.gap') : null),
      per_minute: isWhole(...figures.per_minute),
      per_hour: isWhole(...figures.per_hour),
      per_day: isWhole(...figures.per_day),
      new_conversations_per_day: isWhole(...figures.new_conversations_per_day),
      from: (value, { quiet }) => (quiet ? isFilled(value) : null),
      to: (value, { quiet }) => (quiet ? isFilled(value) : null),
    },
  });
  const { busy, failure, submit } = useSubmit(form);
  const { values } = form;

  const save = async (given: typeof values) => {
    const data = await act('PATCH /api/panel/devices/{id}', {
      params: { id: String(device.id) },
      body: {
        name: given.name.trim(),
        default_country: given.default_country.replace(/\D/g, ''),
        ...(device.kind === 'sandbox' ? {} : { pacing: pacingOf(given) }),
      },
    });
    queries.setQueryData(keyOf('GET /api/panel/devices/{id}', { params: { id: String(device.id) } }), {
      success: true,
      data,
    });
    form.resetDirty(given);
    done(common('saved'));
  };

  const figure = (field: keyof typeof figures, label: string) => (
    <NumberInput label={label} clampBehavior="none" {...form.getInputProps(field)} />
  );
  return (
    <Card>
      <form onSubmit={submit(save)} noValidate>
        <Stack gap="md">
          <Title order={2} size="h4">
            {t('settings.title')}
          </Title>
          <TextInput label={t('settings.name')} maxLength={100} {...form.getInputProps('name')} />
          <TextInput
            label={t('settings.country')}
            description={t('settings.countryHint')}
            inputMode="numeric"
            maxLength={4}
            leftSection="+"
            {...form.getInputProps('default_country')}
          />
          {device.kind === 'sandbox' ? (
            <Text size="sm" c="dimmed">
              {t('settings.sandboxPacing')}
            </Text>
          ) : (
            <>
              <Switch
                label={t('settings.pacingOn')}
                description={t('settings.pacingHint')}
                {...form.getInputProps('enabled', { type: 'checkbox' })}
              />
              <Collapse expanded={values.enabled || Object.keys(form.errors).length > 0}>
                <Stack gap="sm">
                  <Group grow align="flex-end">
                    <NumberInput
                      label={`${t('settings.gap')}, ${t('settings.gapFrom')}`}
                      clampBehavior="none"
                      decimalScale={1}
                      {...form.getInputProps('gapFrom')}
                    />
                    <NumberInput
                      label={t('settings.gapTo')}
                      clampBehavior="none"
                      decimalScale={1}
                      {...form.getInputProps('gapTo')}
                    />
                  </Group>
                  <Group grow align="flex-end">
                    {figure('per_minute', t('settings.perMinute'))}
                    {figure('per_hour', t('settings.perHour'))}
                  </Group>
                  <Group grow align="flex-end">
                    {figure('per_day', t('settings.perDay'))}
                    {figure('new_conversations_per_day', t('settings.newPerDay'))}
                  </Group>
                </Stack>
              </Collapse>
              <Switch
                label={t('settings.quietOn')}
                description={t('settings.quietHint', { zone: zoneLabel(zone) })}
                {...form.getInputProps('quiet', { type: 'checkbox' })}
              />
              <Collapse expanded={values.quiet}>
                <Group grow>
                  <TextInput type="time" label={t('settings.quietFrom')} {...form.getInputProps('from')} />
                  <TextInput type="time" label={t('settings.quietTo')} {...form.getInputProps('to')} />
                </Group>
              </Collapse>
            </>
          )}
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

interface Given {
  readonly enabled: boolean;
  readonly gapFrom: number;
  readonly gapTo: number;
  readonly per_minute: number;
  readonly per_hour: number;
  readonly per_day: number;
  readonly new_conversations_per_day: number;
  readonly quiet: boolean;
  readonly from: string;
  readonly to: string;
}

const pacingOf = (given: Given) => ({
  enabled: given.enabled,
  gap_ms: [Math.round(Number(given.gapFrom) * 1000), Math.round(Number(given.gapTo) * 1000)],
  per_minute: Number(given.per_minute),
  per_hour: Number(given.per_hour),
  per_day: Number(given.per_day),
  new_conversations_per_day: Number(given.new_conversations_per_day),
  quiet_hours: given.quiet ? { from: given.from, to: given.to } : null,
});
