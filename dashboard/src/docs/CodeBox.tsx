import { ActionIcon } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useCopy } from '../parts/copy.ts';

/** Lines to read and to copy. */
export function CodeBox({ title, code }: { readonly title: string; readonly code: string }) {
  return (
    <figure className="docs-box">
      <figcaption className="docs-box-head">
        <span>{title}</span>
        <CopyIcon what={title} text={code} />
      </figcaption>
      <Lines code={code} />
    </figure>
  );
}

export function Lines({ code }: { readonly code: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, and a keyboard must reach them
    <pre className="docs-lines" tabIndex={0}>
      <code>{code}</code>
    </pre>
  );
}

export function CopyIcon({ what, text }: { readonly what: string; readonly text: string }) {
  const { t } = useTranslation();
  const { copied, copy } = useCopy();
  return (
    <ActionIcon
      variant={copied ? 'filled' : 'default'}
      size="lg"
      aria-label={t(copied ? 'action.copied' : 'action.copyWhat', { what })}
      onClick={() => void copy(text)}
    >
      {copied ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
    </ActionIcon>
  );
}
