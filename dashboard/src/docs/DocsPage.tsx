import { Anchor, Card, Container, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** The public documentation, for everybody: signed in or not. */
export function DocsPage() {
  const { t } = useTranslation();
  return (
    <Container size="sm" py="xl" component="main">
      <Card>
        <Stack gap="sm">
          <Title order={1} size="h2">
            {t('place.docs')}
          </Title>
          <Text>{t('docs.lead')}</Text>
          <Anchor href="/docs/reference">{t('docs.reference')}</Anchor>
          <Anchor href="/">{t('action.home')}</Anchor>
        </Stack>
      </Card>
    </Container>
  );
}
