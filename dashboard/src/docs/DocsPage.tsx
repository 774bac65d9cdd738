import './docs.css';
import { Anchor, Title } from '@mantine/core';
import { useDocumentTitle, useLocalStorage } from '@mantine/hooks';
import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { currentLanguage } from '../i18n.ts';
import { Blocks, Icon, Method } from './Blocks.tsx';
import { Contents } from './Contents.tsx';
import { DocsContext } from './context.ts';
import { Header } from './Header.tsx';
import type { Section } from './model.ts';
import type { LanguageId } from './samples/filling.ts';
import { sectionsIn, textsIn } from './sections.ts';

/** The public documentation, for everybody: signed in or not. */
export function DocsPage() {
  const { t } = useTranslation();
  const language = currentLanguage();
  const { origin } = window.location;
  const texts = textsIn(language);
  const sections = useMemo(() => sectionsIn(language, origin), [language, origin]);
  const [chosen, choose] = useLocalStorage<LanguageId>({
    key: 'wagate-docs-sample',
    defaultValue: 'curl',
    getInitialValueInEffect: false,
  });
  const docs = useMemo(() => ({ texts, origin, chosen, choose }), [texts, origin, chosen, choose]);
  const { page } = texts.extras;
  useDocumentTitle(`${page.title} · WAGate`);
  // The browser looked for the anchor before this page was there.
  useEffect(() => {
    document.getElementById(decodeURIComponent(window.location.hash.slice(1)))?.scrollIntoView();
  }, []);

  return (
    <DocsContext value={docs}>
      <a href="#content" className="skip">
        {t('skip')}
      </a>
      <Header />
      <div className="docs-frame">
        <Contents sections={sections} />
        <main id="content" tabIndex={-1} className="docs-main">
          <Title order={1} size="h2" className="page-title">
            {page.title}
          </Title>
          <p className="docs-lead">
            {t('docs.lead')} <Anchor href="/docs/reference">{page.reference}</Anchor>
          </p>
          {sections.map((section) => (
            <Chapter key={section.id} section={section} link={page.link} />
          ))}
        </main>
      </div>
    </DocsContext>
  );
}

function Chapter({
  section: { id, icon, title, method, blocks },
  link,
}: {
  readonly section: Section;
  readonly link: string;
}) {
  return (
    <section id={id} aria-labelledby={`${id}-title`} className="docs-section docs-anchor">
      <div className="docs-title">
        {method !== undefined && <Method method={method} />}
        <Title order={2} size="h3" id={`${id}-title`} className={method === undefined ? '' : 'docs-path'}>
          <Icon icon={icon} />
          {title}
        </Title>
        <a href={`#${id}`} className="docs-link" aria-label={link.replace('{title}', title)}>
          #
        </a>
      </div>
      <Blocks blocks={blocks} />
    </section>
  );
}
