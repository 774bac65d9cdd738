import { Tabs } from '@mantine/core';
import { useRef } from 'react';
import { flushSync } from 'react-dom';
import { CopyIcon, Lines } from './CodeBox.tsx';
import { useDocs } from './context.ts';
import { exampleOf, fillingOf, type LanguageId, type Operation } from './samples/filling.ts';
import { languages } from './samples/index.ts';
import { receivers, SECRET } from './samples/receivers.ts';

interface Props {
  readonly operation: Operation;
  readonly title: string;
  readonly example: boolean;
}

/** One program in every language. */
export function Samples({ operation, title, example }: Props) {
  const { origin } = useDocs();
  const filling = fillingOf(origin);
  return (
    <Programs
      title={title}
      programs={languages.map((language) => ({
        ...language,
        code: language.write[operation](example ? exampleOf(filling, language) : filling),
      }))}
    />
  );
}

/** What webhooks are posted to. */
export const Receivers = ({ title }: { readonly title: string }) => (
  <Programs title={title} programs={receivers.map((one) => ({ ...one, code: one.write(SECRET) }))} />
);

interface Program {
  readonly id: LanguageId;
  readonly label: string;
  readonly title: string;
  readonly code: string;
}

function Programs({ title, programs }: { readonly title: string; readonly programs: readonly Program[] }) {
  const { texts, chosen, choose } = useDocs();
  const box = useRef<HTMLElement>(null);
  const shown = programs.find(({ id }) => id === chosen) ?? programs[0];
  if (shown === undefined) return null;

  /** The samples above change their heights, too: the one that was touched stays where it is. */
  const pick = (picked: string | null) => {
    const program = programs.find(({ id }) => id === picked);
    if (program === undefined) return;
    const before = box.current?.getBoundingClientRect().top ?? 0;
    flushSync(() => choose(program.id));
    window.scrollBy({ top: (box.current?.getBoundingClientRect().top ?? 0) - before, behavior: 'instant' });
  };

  return (
    <figure className="docs-box" ref={box}>
      <figcaption className="docs-box-head">
        <span>
          {title}
          <span className="docs-soft"> · {shown.title}</span>
        </span>
        <CopyIcon what={`${title}, ${shown.title}`} text={shown.code} />
      </figcaption>
      <Tabs value={shown.id} onChange={pick} keepMounted={false}>
        <Tabs.List aria-label={`${texts.contract.examples.choose}: ${title}`} className="docs-tabs">
          {programs.map(({ id, label }) => (
            <Tabs.Tab key={id} value={id}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={shown.id}>
          <Lines code={shown.code} />
        </Tabs.Panel>
      </Tabs>
    </figure>
  );
}
