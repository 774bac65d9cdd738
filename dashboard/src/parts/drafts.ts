import { useEffect } from 'react';
import type { ChatMessage } from '../api/types.ts';
import { useMe } from '../session.tsx';
import { createMemory } from './memory.ts';

/** What is being written in a conversation, and what has become of its sending so far. */
export interface Draft {
  readonly text: string;
  readonly file: File | null;
  readonly replyTo: ChatMessage | undefined;
  readonly busy: boolean;
  /** How much of the file has left, 0 to 1. */
  readonly progress: number | undefined;
  readonly failure: unknown;
}

const nothing: Draft = {
  text: '',
  file: null,
  replyTo: undefined,
  busy: false,
  progress: undefined,
  failure: undefined,
};

/**
 * Who looks into another conversation finds everything again, and a file goes on leaving meanwhile. Unlike what `kept.ts` has they outlast a
 * session that ended by itself: whoever signs in again goes on with what they wrote.
 */
const drafts = createMemory<string, Draft>();
const shown = new Map<string, number>();
let signedIn = new AbortController();

/** Of one person in one conversation: of two who use a browser one after the other, none finds what the other wrote. */
export function useDraft(deviceId: number, peer: string) {
  const key = `${useMe().user.id} ${deviceId} ${peer}`;
  const draft = drafts.useKept(key) ?? nothing;
  useEffect(() => {
    shown.set(key, (shown.get(key) ?? 0) + 1);
    return () => {
      shown.set(key, (shown.get(key) ?? 0) - 1);
    };
  }, [key]);
  return {
    draft,
    change: (change: Partial<Draft> | ((now: Draft) => Partial<Draft>)) => changeDraft(key, change),
    /** Whether the conversation is on the screen, now. */
    isShown: () => (shown.get(key) ?? 0) > 0,
  };
}

function changeDraft(key: string, change: Partial<Draft> | ((now: Draft) => Partial<Draft>)): void {
  const now = drafts.now(key) ?? nothing;
  const next = { ...now, ...(typeof change === 'function' ? change(now) : change) };
  const isNothing = Object.entries(nothing).every(([name, value]) => next[name as keyof Draft] === value);
  if (isNothing) drafts.drop(key);
  else drafts.keep(key, next);
}

/** Aborted when the person signs out: what is still leaving then is theirs no more. */
export const untilSignOut = (): AbortSignal => signedIn.signal;

export function forgetDrafts(): void {
  signedIn.abort(new Error('signed out'));
  signedIn = new AbortController();
  drafts.clear();
}
