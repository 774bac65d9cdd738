import { Tabs } from '@mantine/core';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Page } from '../../parts/Page.tsx';
import { useShownTab } from '../../parts/useShownTab.ts';
import { useMay } from '../../session.tsx';
import { AuditPart } from './AuditPart.tsx';
import { MembersPart } from './MembersPart.tsx';
import { PrivacyPart } from './PrivacyPart.tsx';
import { ProfilePart } from './ProfilePart.tsx';
import { SecurityPart } from './SecurityPart.tsx';

const parts = {
  profile: ProfilePart,
  security: SecurityPart,
  members: MembersPart,
  privacy: PrivacyPart,
  audit: AuditPart,
} as const;
type Part = keyof typeof parts;

export function SettingsPage() {
  const { t } = useTranslation('settings');
  const { keep } = useMay();
  const navigate = useNavigate();
  const { part } = useParams({ strict: false });
  const mine: readonly Part[] = keep ? ['profile', 'security', 'members', 'privacy', 'audit'] : ['profile', 'security'];
  const shown = mine.find((name) => name === part) ?? 'profile';
  const Shown = parts[shown];
  useShownTab(shown);
  return (
    <Page title={t('title')}>
      <Tabs
        value={shown}
        onChange={(name) => void navigate({ to: '/settings/$part', params: { part: name ?? 'profile' } })}
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          {mine.map((name) => (
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
