import { VisuallyHidden } from '@mantine/core';
import { useEffect, useState } from 'react';
import { onAnnouncement } from '../parts/announce.ts';

export function Announcer() {
  const [sentence, setSentence] = useState('');
  useEffect(() => onAnnouncement(setSentence), []);
  return (
    <VisuallyHidden role="status" aria-live="polite">
      {sentence}
    </VisuallyHidden>
  );
}
