import { Avatar, Box, Group, Menu, Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { IconArrowsExchange, IconLanguage, IconLogout, IconMoon, IconSettings, IconSun } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Me } from '../api/types.ts';
import { useAppearance } from './useAppearance.ts';

/** Who is signed in; language, light and dark, other accounts, sign out. */
export function AccountMenu({ me }: { readonly me: Me }) {
  const { t } = useTranslation();
  const { dark, toggleScheme, otherLanguage, choose, signOut, switchAccount } = useAppearance();
  return (
    <Menu position="bottom-end" width={260} withinPortal>
      <Menu.Target>
        <UnstyledButton className="account-button">
          <Group gap="xs" wrap="nowrap">
            <Avatar radius="xl" size={34} color="gate" variant="filled" name={me.user.name} aria-hidden />
            <VisuallyHidden>{t('action.account', { name: me.user.name })}</VisuallyHidden>
            <Box visibleFrom="sm" maw={180}>
              <Text size="sm" fw={600} truncate lh={1.2}>
                {me.account.name}
              </Text>
              <Text size="xs" c="dimmed" truncate lh={1.2}>
                {t(`role.${me.account.role}`)}
              </Text>
            </Box>
          </Group>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.user.email}</Menu.Label>
        <Menu.Item
          leftSection={<IconSettings size={18} aria-hidden />}
          renderRoot={(props) => <Link to="/settings" {...props} />}
        >
          {t('place.settings')}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconLanguage size={18} aria-hidden />}
          lang={otherLanguage}
          onClick={() => choose(otherLanguage)}
        >
          {otherLanguage === 'id' ? 'Bahasa Indonesia' : 'English'}
        </Menu.Item>
        <Menu.Item
          leftSection={dark ? <IconSun size={18} aria-hidden /> : <IconMoon size={18} aria-hidden />}
          onClick={toggleScheme}
        >
          {t(dark ? 'scheme.light' : 'scheme.dark')}
        </Menu.Item>
        {me.accounts
          .filter(({ id }) => id !== me.account.id)
          .map(({ id, name }) => (
            <Menu.Item
              key={id}
              leftSection={<IconArrowsExchange size={18} aria-hidden />}
              onClick={() => void switchAccount(id)}
            >
              {name}
            </Menu.Item>
          ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={18} aria-hidden />} onClick={() => void signOut()}>
          {t('action.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
