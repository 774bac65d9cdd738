import { SimpleGrid, Stack } from '@mantine/core';
import { PasswordCard } from './PasswordCard.tsx';
import { SessionsCard } from './SessionsCard.tsx';
import { TotpCard } from './TotpCard.tsx';

export function SecurityPart() {
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
      <Stack gap="lg">
        <PasswordCard />
        <TotpCard />
      </Stack>
      <SessionsCard />
    </SimpleGrid>
  );
}
