import i18next from 'i18next';
import { useEffect, useRef, useState } from 'react';
import { announce } from './announce.ts';
import { done } from './notices.ts';

/** Puts a text into the clipboard and says so; or that it could not. Gives whether it is there. */
export async function copyText(text: string): Promise<boolean> {
  const copied = await write(text);
  if (copied) announce(i18next.t('action.copied'));
  else done(i18next.t('action.notCopied'));
  return copied;
}

/** Browsers give the clipboard to pages with TLS and of this machine only; elsewhere a selected field does it. */
async function write(text: string): Promise<boolean> {
  if (navigator.clipboard !== undefined)
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  const before = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return copied;
}

const SHOWN_MS = 2_500;

/** `copied` for a moment after it worked. */
export function useCopy() {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async (text: string) => {
    if (!(await copyText(text))) return;
    clearTimeout(timer.current);
    setCopied(true);
    timer.current = setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return { copied, copy };
}
