import { Stack } from '@mantine/core';
import { PersonCard } from './PersonCard.tsx';
import { RetentionCard } from './RetentionCard.tsx';

export function PrivacyPart() {
  return (
    <Stack>
      <RetentionCard />
      <PersonCard />
    </Stack>
  );
}
