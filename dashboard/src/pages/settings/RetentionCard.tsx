import { Button, Card, Group, NumberInput, Radio, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import { Loaded } from '../../parts/Loaded.tsx';
import { done } from '../../parts/notices.ts';
import { useAction } from '../../parts/useAction.ts';
import { queries } from '../../queries.ts';

/** How long the account keeps messages. */
export function RetentionCard() {
  const { t } = useTranslation('settings');
  const kept = useAsk('GET /api/panel/privacy');
  return (
    <Card>
      <Stack>
        <Title order={2} size="h4">
          {t('retention.title')}
        </Title>
        <Text size="sm" c="dimmed">
          {t('retention.lead')}
        </Text>
        <Loaded query={kept}>{({ retention_days }) => <Choice key={retention_days} days={retention_days} />}</Loaded>
      </Stack>
    </Card>
  );
}

function Choice({ days }: { readonly days: number | null }) {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation();
  const [limited, setLimited] = useState(days !== null);
  const [count, setCount] = useState<number | string>(days ?? 365);
  const { busy, run } = useAction();
  const chosen = limited ? Number(count) : null;
  const isValid = chosen === null || (Number.isInteger(chosen) && chosen >= 1 && chosen <= 3650);
  const save = () =>
    run(async () => {
      await act('PUT /api/panel/privacy', { body: { retention_days: chosen } });
      await queries.invalidateQueries({ queryKey: ['GET /api/panel/privacy'] });
      done(common('saved'));
    });
  return (
    <>
      <Radio.Group
        label={t('retention.label')}
        value={limited ? 'days' : 'ever'}
        onChange={(value) => setLimited(value === 'days')}
      >
        <Stack gap="xs" mt="xs">
          <Radio value="ever" label={t('retention.ever')} />
          <Radio value="days" label={t('retention.limited')} />
        </Stack>
      </Radio.Group>
      {limited && (
        <NumberInput
          label={t('retention.days')}
          value={count}
          onChange={setCount}
          min={1}
          max={3650}
          allowDecimal={false}
          maw={220}
          {...(isValid ? {} : { error: t('retention.range') })}
        />
      )}
      <Group>
        <Button onClick={() => void save()} loading={busy} disabled={!isValid || chosen === days}>
          {common('action.save')}
        </Button>
      </Group>
    </>
  );
}
