import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';

type Judge = (text: string) => string | null;

/** A field that is told when one stops typing; where `judge` has a sentence against it, that stands at the field, and nothing is told. */
export function useTyped(
  given: string | undefined,
  onTyped: (text: string | undefined) => void,
  judge: Judge = () => null,
) {
  const [text, setText] = useState(given ?? '');
  const [paused, setPaused] = useState(true);
  const typed = text.trim();
  const against = typed === '' ? null : judge(typed);
  const tell = useDebouncedCallback((value: string) => {
    setPaused(true);
    if (value === '' || judge(value) === null) onTyped(value === '' ? undefined : value);
  }, 350);
  useEffect(() => setText((shown) => (shown.trim() === (given ?? '') ? shown : (given ?? ''))), [given]);
  return {
    value: text,
    error: paused ? against : null,
    onChange: (event: { readonly currentTarget: { readonly value: string } }) => {
      setText(event.currentTarget.value);
      setPaused(false);
      tell(event.currentTarget.value.trim());
    },
  };
}
