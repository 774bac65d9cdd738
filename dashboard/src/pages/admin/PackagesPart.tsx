import { Badge, Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconPackage, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { Package } from '../../api/types.ts';
import { EmptyNote } from '../../parts/EmptyNote.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { rupiah } from '../../parts/numbers.ts';
import { holds } from '../../parts/quotas.ts';
import { useAction } from '../../parts/useAction.ts';
import { PackageModal, refreshPackages } from './PackageModal.tsx';

export function PackagesPart() {
  const { t } = useTranslation('admin');
  const packages = useAsk('GET /api/panel/admin/packages');
  const [editing, setEditing] = useState<Package | 'new'>();
  const add = (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setEditing('new')}>
      {t('packages.add')}
    </Button>
  );
  return (
    <Stack>
      <Loaded query={packages}>
        {(list) =>
          list.length === 0 ? (
            <EmptyNote icon={IconPackage} title={t('packages.none')} text={t('packages.noneText')}>
              {add}
            </EmptyNote>
          ) : (
            <>
              <Group>{add}</Group>
              <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }}>
                {list.map((it) => (
                  <Offer key={it.id} offer={it} onEdit={() => setEditing(it)} />
                ))}
              </SimpleGrid>
            </>
          )
        }
      </Loaded>
      <PackageModal editing={editing} onClose={() => setEditing(undefined)} />
    </Stack>
  );
}

function Offer({ offer, onEdit }: { readonly offer: Package; readonly onEdit: () => void }) {
  const { t } = useTranslation('admin');
  const { t: plan } = useTranslation('plan');
  const { t: common } = useTranslation();
  const { busy, run } = useAction();
  const archive = async () => {
    await act('PATCH /api/panel/admin/packages/{id}', {
      params: { id: String(offer.id) },
      body: { archived: !offer.archived },
    });
    await refreshPackages();
  };
  return (
    <Card>
      <Stack gap="xs" h="100%">
        <Group justify="space-between" gap="xs">
          <Title order={2} size="h5">
            {offer.name}
          </Title>
          <Group gap={4}>
            {offer.is_trial && (
              <Badge variant="light" className="plain-badge">
                {t('packages.trial')}
              </Badge>
            )}
            {offer.archived && (
              <Badge variant="light" color="gray" className="plain-badge">
                {t('packages.archived')}
              </Badge>
            )}
          </Group>
        </Group>
        <Text fz="xl" fw={700}>
          {rupiah(offer.price_idr)}
        </Text>
        <Text size="sm" flex={1}>
          {holds(offer.message_quota)} · {plan('devices', { count: offer.device_limit })} ·{' '}
          {plan('days', { count: offer.days })}
        </Text>
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={onEdit}>
            {common('action.edit')}
          </Button>
          <Button size="xs" variant="default" loading={busy} onClick={() => void run(archive)}>
            {t(offer.archived ? 'packages.unarchive' : 'packages.archive')}
          </Button>
        </Group>
      </Stack>
    </Card>
  );
}
