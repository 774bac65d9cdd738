import { Button, NavLink, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconLogout, IconMenu2 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { SidePanel } from '../parts/Dialog.tsx';
import { useMay } from '../session.tsx';
import { LanguageChoice, SchemeChoice } from './Appearance.tsx';
import { places } from './places.ts';
import { useAppearance } from './useAppearance.ts';

/** The bar at the foot of a phone, within reach of the thumb. */
export function Tabs() {
  const { t } = useTranslation();
  const { administer } = useMay();
  const [opened, more] = useDisclosure(false);
  const { choose, signOut } = useAppearance();
  return (
    <>
      {places
        .filter(({ tab }) => tab)
        .map(({ to, text, icon: Icon }) => (
          <Link key={to} to={to} className="shell-tab" activeOptions={{ exact: to === '/' }}>
            <Icon size={22} stroke={1.7} aria-hidden />
            {t(`place.${text}`)}
          </Link>
        ))}
      <button type="button" className="shell-tab" aria-expanded={opened} aria-haspopup="dialog" onClick={more.open}>
        <IconMenu2 size={22} stroke={1.7} aria-hidden />
        {t('more')}
      </button>
      <SidePanel opened={opened} onClose={more.close} position="bottom" size="auto" title={t('more')}>
        <Stack pb="lg">
          <div>
            {places
              .filter((place) => !place.tab && (!place.adminOnly || administer))
              .map(({ to, text, icon: Icon }) => (
                <NavLink
                  key={to}
                  renderRoot={(props) => <Link to={to} {...props} />}
                  label={t(`place.${text}`)}
                  leftSection={<Icon size={20} stroke={1.7} aria-hidden />}
                  onClick={more.close}
                  className="nav-link"
                />
              ))}
          </div>
          <LanguageChoice onChoose={choose} />
          <SchemeChoice />
          <Button variant="default" leftSection={<IconLogout size={18} aria-hidden />} onClick={() => void signOut()}>
            {t('action.signOut')}
          </Button>
        </Stack>
      </SidePanel>
    </>
  );
}
