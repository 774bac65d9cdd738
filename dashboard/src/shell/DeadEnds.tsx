import { Button, Container, Group, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ApiFailure } from '../api/failure.ts';
import { FailureNote } from '../parts/FailureNote.tsx';
import { Logo } from './Logo.tsx';

/** Pages that are no pages; each has a way on. They use plain links: the router itself may be what broke. */
export function NotFoundPage() {
  return <DeadEnd what="notFound" />;
}

export function CrashedPage({ error }: { readonly error: unknown }) {
  const { t } = useTranslation();
  if (error instanceof ApiFailure) return <FailureNote error={error} onRetry={() => location.reload()} />;
  console.error(error);
  return (
    <DeadEnd what="crashed">
      <Button onClick={() => location.reload()}>{t('action.reload')}</Button>
    </DeadEnd>
  );
}

export function DeadEnd({
  what,
  inside = false,
  children,
}: {
  readonly what: 'notFound' | 'crashed' | 'notAllowed';
  /** Within the shell, which has the landmark and the logo. */
  readonly inside?: boolean;
  readonly children?: React.ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Container size={460} py={64} {...(inside ? {} : { component: 'main' as const })}>
      <Stack align="flex-start">
        {!inside && <Logo size={40} />}
        <Title order={1} size="h2">
          {t(`${what}.title`)}
        </Title>
        <Text>{t(`${what}.text`)}</Text>
        <Group>
          {children}
          <Button component="a" href="/" variant={children === undefined ? 'filled' : 'default'}>
            {t('action.home')}
          </Button>
        </Group>
      </Stack>
    </Container>
  );
}
