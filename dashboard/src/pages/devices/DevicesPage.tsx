import { Anchor, Button, Group, SimpleGrid, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDeviceMobile, IconPlus } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useAsk } from '../../api/ask.ts';
import { EmptyNote } from '../../parts/EmptyNote.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { count } from '../../parts/numbers.ts';
import { Page } from '../../parts/Page.tsx';
import { useMay, useMe } from '../../session.tsx';
import { CreateDevice } from './CreateDevice.tsx';
import { DeviceCard } from './DeviceCard.tsx';

export function DevicesPage() {
  const { t } = useTranslation('devices');
  const devices = useAsk('GET /api/panel/devices');
  const { keep } = useMay();
  const [creating, create] = useDisclosure(false);
  const add = keep && (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={create.open}>
      {t('add')}
    </Button>
  );
  const some = devices.data !== undefined && devices.data.length > 0;
  return (
    <Page title={t('title')} lead={t('lead')} actions={some ? add : undefined}>
      <Loaded query={devices}>
        {(list) =>
          list.length === 0 ? (
            <EmptyNote icon={IconDeviceMobile} title={t('empty.title')} text={t('empty.text')}>
              {add}
            </EmptyNote>
          ) : (
            <>
              <Limit />
              <SimpleGrid cols={{ base: 1, md: 2 }}>
                {list.map((device) => (
                  <DeviceCard key={device.id} device={device} />
                ))}
              </SimpleGrid>
            </>
          )
        }
      </Loaded>
      <CreateDevice opened={creating} onClose={create.close} />
    </Page>
  );
}

/** From here on a limit is none: the account of whoever runs the server. */
const MANY = 1_000;

/** How many of the package's devices are in use. */
function Limit() {
  const { t } = useTranslation('devices');
  const { subscription } = useMe();
  if (subscription === null || subscription.device_limit >= MANY) return null;
  const { devices: used, device_limit: limit } = subscription;
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed">
        {used >= limit ? t('limitFull') : t('limit', { used: count(used), limit: count(limit) })}
      </Text>
      {used >= limit && (
        <Anchor size="sm" renderRoot={(props) => <Link to="/plan" {...props} />}>
          {t('seePlans')}
        </Anchor>
      )}
    </Group>
  );
}
