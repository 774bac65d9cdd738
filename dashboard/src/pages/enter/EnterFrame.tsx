import { Anchor, Box, Card, Container, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { changeLanguage, currentLanguage } from '../../i18n.ts';
import { useArrival } from '../../parts/useArrival.ts';
import { Logo } from '../../shell/Logo.tsx';

/** The frame of all pages before one is signed in. */
export function EnterFrame({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const { t } = useTranslation('enter');
  const { t: common } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  useDocumentTitle(`${title} · WAGate`);
  useArrival(heading);
  const other = currentLanguage() === 'id' ? 'en' : 'id';
  return (
    <Container size={460} py={{ base: 'lg', sm: 64 }} px="md" component="main">
      <Stack gap="lg">
        <Group justify="center" gap="sm">
          <Logo size={40} />
          <Box>
            <Text fw={700} size="xl" lh={1.1}>
              WAGate
            </Text>
            <Text size="sm" c="dimmed">
              {t('tagline')}
            </Text>
          </Box>
        </Group>
        <Card padding="xl">
          <Stack gap="md">
            <Title order={1} size="h3" ref={heading} tabIndex={-1} className="page-title">
              {title}
            </Title>
            {children}
          </Stack>
        </Card>
        <Group justify="center" gap="lg">
          <Anchor component="button" type="button" size="sm" lang={other} onClick={() => void changeLanguage(other)}>
            {other === 'id' ? 'Bahasa Indonesia' : 'English'}
          </Anchor>
          <Anchor href="/docs" size="sm">
            {common('place.docs')}
          </Anchor>
        </Group>
      </Stack>
    </Container>
  );
}
