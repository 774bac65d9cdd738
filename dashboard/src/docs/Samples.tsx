import { Tabs } from '@mantine/core';
import { useRef } from 'react';
import { flushSync } from 'react-dom';
import { CopyIcon, Lines } from './CodeBox.tsx';
import { useDocs } from './context.ts';
import { exampleOf, fillingOf, type Operation } from './samples/filling.ts';
import { languages } from './samples/index.ts';

interface Props {
  readonly operation: Operation;
  readonly title: string;
  readonly example: boolean;
}

/** One program in every language. */
export function Samples({ operation, title, example }: Props) {
  const { texts, origin, chosen, choose } = useDocs();
  const box = useRef<HTMLElement>(null);
  const filling = fillingOf(origin);
  const shown = languages.find(({ id }) => id === chosen) ?? languages[0];
  const code = shown?.write[operation](example ? exampleOf(filling, shown) : filling) ?? '';

  /** The samples above change their heights, too: the one that was touched stays where it is. */
  const pick = (picked: string | null) => {
    const language = languages.find(({ id }) => id === picked);
    if (language === undefined) return;
    const before = box.current?.getBoundingClientRect().top ?? 0;
    flushSync(() => choose(language.id));
    window.scrollBy({ top: (box.current?.getBoundingClientRect().top ?? 0) - before, behavior: 'instant' });
  };

  return (
    <figure className="docs-box" ref={box}>
      <figcaption className="docs-box-head">
        <span>
          {title}
          <span className="docs-soft"> · {shown?.title}</span>
        </span>
        <CopyIcon what={`${title}, ${shown?.title ?? ''}`} text={code} />
      </figcaption>
      <Tabs value={chosen} onChange={pick} keepMounted={false}>
        <Tabs.List aria-label={`${texts.contract.examples.choose}: ${title}`} className="docs-tabs">
          {languages.map(({ id, label }) => (
            <Tabs.Tab key={id} value={id}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={chosen}>
          <Lines code={code} />
        </Tabs.Panel>
      </Tabs>
    </figure>
  );
}
