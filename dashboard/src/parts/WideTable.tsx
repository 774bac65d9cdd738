import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

interface Props {
  readonly label: string;
  /** Px; a narrower place scrolls. */
  readonly minWidth: number;
  readonly children: ReactNode;
}

export function WideTable({ label, minWidth, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls on a phone, and a keyboard must reach it
    <section className="scroll-x" aria-label={label} tabIndex={0}>
      <Table miw={minWidth}>{children}</Table>
    </section>
  );
}
