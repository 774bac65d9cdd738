type Listener = (sentence: string) => void;
const listeners = new Set<Listener>();

/** Says a sentence to screen readers, politely; `shell/Announcer.tsx` holds the live region. */
export function announce(sentence: string): void {
  for (const listener of listeners) listener(sentence);
}

export function onAnnouncement(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
