import { UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconList } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useDocs } from './context.ts';
import type { Group, Section } from './model.ts';
import { useCurrent } from './useCurrent.ts';

const groups: readonly Group[] = ['basics', 'endpoints', 'sending', 'receiving', 'practice'];

/** The table of contents: always open and sticky beside the page, a button above it on a phone. */
export function Contents({ sections }: { readonly sections: readonly Section[] }) {
  const { page } = useDocs().texts.extras;
  const [opened, { toggle, close }] = useDisclosure(false);
  const current = useCurrent(sections);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The list is longer than a window may be high. (A block, for newer browsers return a promise here.)
    const shown = current === undefined ? null : list.current?.querySelector(`[href="#${current}"]`);
    shown?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  const here = sections.find(({ id }) => id === current);
  return (
    <nav className="docs-contents" aria-label={page.contents} data-opened={opened || undefined}>
      <UnstyledButton className="docs-contents-button" aria-expanded={opened} onClick={toggle}>
        <IconList size={18} aria-hidden />
        <span className="docs-contents-here">
          {page.contents}
          {here !== undefined && !opened && <span className="docs-soft"> · {here.title}</span>}
        </span>
        <IconChevronDown size={18} aria-hidden className="docs-contents-chevron" />
      </UnstyledButton>
      <div className="docs-contents-list" ref={list}>
        {groups.map((group) => (
          <div key={group}>
            <p className="docs-contents-group">{page.groups[group]}</p>
            <ul>
              {sections
                .filter((section) => section.group === group)
                .map(({ id, title }) => (
                  <li key={id}>
                    <a href={`#${id}`} aria-current={id === current ? 'location' : undefined} onClick={close}>
                      {title}
                    </a>
                  </li>
                ))}
            </ul>
          </div>
        ))}
      </div>
    </nav>
  );
}
