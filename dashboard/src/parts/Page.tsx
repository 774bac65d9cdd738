import { Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { type ReactNode, useRef } from 'react';
import { useArrival } from './useArrival.ts';

interface Props {
  readonly title: string;
  readonly lead?: ReactNode;
  /** Buttons beside the title. */
  readonly actions?: ReactNode;
  /** Above the title: the way back. */
  readonly above?: ReactNode;
  readonly children: ReactNode;
}

/** A page: its title is the document's, too. */
export function Page({ title, lead, actions, above, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useDocumentTitle(`${title} · WAGate`);
  useArrival(heading);
  return (
    <Stack gap="lg">
      <Stack gap={4}>
        {above}
        <Group justify="space-between" align="center" gap="sm">
          <Stack gap={4} miw={0}>
            <Title order={1} size="h2" ref={heading} tabIndex={-1} className="page-title">
              {title}
            </Title>
            {lead !== undefined && (
              <Text c="dimmed" maw={680}>
                {lead}
              </Text>
            )}
          </Stack>
          {actions !== undefined && <Group gap="xs">{actions}</Group>}
        </Group>
      </Stack>
      {children}
    </Stack>
  );
}
