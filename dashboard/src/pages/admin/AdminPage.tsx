import { Tabs } from '@mantine/core';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Page } from '../../parts/Page.tsx';
import { useShownTab } from '../../parts/useShownTab.ts';
import { useMay } from '../../session.tsx';
import { DeadEnd } from '../../shell/DeadEnds.tsx';
import { AccountsPart } from './AccountsPart.tsx';
import { AuditPart } from './AuditPart.tsx';
import { HealthPart } from './HealthPart.tsx';
import { InstallationPart } from './InstallationPart.tsx';
import { PackagesPart } from './PackagesPart.tsx';
import { PurchasesPart } from './PurchasesPart.tsx';

const parts = {
  accounts: AccountsPart,
  packages: PackagesPart,
  purchases: PurchasesPart,
  health: HealthPart,
  settings: InstallationPart,
  audit: AuditPart,
} as const;
const names = Object.keys(parts) as (keyof typeof parts)[];

/** For the people who administer this server. */
export function AdminPage() {
  const { t } = useTranslation('admin');
  const { administer } = useMay();
  const navigate = useNavigate();
  const { part } = useParams({ strict: false });
  const shown = names.find((name) => name === part) ?? 'accounts';
  useShownTab(shown);
  if (!administer) return <DeadEnd what="notAllowed" inside />;
  const Shown = parts[shown];
  return (
    <Page title={t('title')} lead={t('lead')}>
      <Tabs
        value={shown}
        onChange={(name) => void navigate({ to: '/admin/$part', params: { part: name ?? 'accounts' } })}
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          {names.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`part.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={shown}>
          <Shown />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
