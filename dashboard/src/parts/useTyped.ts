import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';

/** A field that is told when one stops typing. */
export function useTyped(given: string | undefined, onTyped: (text: string | undefined) => void) {
  const [text, setText] = useState(given ?? '');
  const tell = useDebouncedCallback((value: string) => onTyped(value.trim() === '' ? undefined : value.trim()), 350);
  useEffect(() => setText((shown) => (shown.trim() === (given ?? '') ? shown : (given ?? ''))), [given]);
  return {
    value: text,
    onChange: (event: { readonly currentTarget: { readonly value: string } }) => {
      setText(event.currentTarget.value);
      tell(event.currentTarget.value);
    },
  };
}
