import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page as Tab } from 'playwright-core';
import sharp from 'sharp';
import { chromiumPath } from '../support/browser.ts';
import { builtDashboard } from '../support/dashboard.ts';
import { furnish, type Page } from './furniture.ts';
import { openPage } from './walk.ts';

/**
 * `npm run screenshots`: every page in both languages, both themes, on a desk and on a phone, into docs/screenshots/all (not checked in);
 * those that the READMEs show, small and light, into docs/screenshots. `npm run screenshots -- home device` makes these pages only.
 */
const folder = join(import.meta.dirname, '../../docs/screenshots');
const languages = { id: 'id-ID', en: 'en-US' } as const;
const themes = ['light', 'dark'] as const;
const sizes = { desk: { width: 1280, height: 860 }, phone: { width: 360, height: 740 } } as const;

type Language = keyof typeof languages;
interface Look {
  readonly language: Language;
  readonly theme: (typeof themes)[number];
  readonly size: keyof typeof sizes;
}

const nameOf = (page: string, { language, theme, size }: Look) => `${page}-${language}-${theme}-${size}`;

/** What the READMEs show. */
const shown: readonly (readonly [page: string, look: Look])[] = (['id', 'en'] as const).flatMap((language) =>
  [
    ['home', 'light', 'desk'],
    ['device-linking', 'light', 'desk'],
    ['device-sandbox', 'dark', 'desk'],
    ['usage', 'light', 'desk'],
    ['first-steps', 'light', 'phone'],
    ['conversation', 'dark', 'phone'],
  ].map(([page, theme, size]) => [page, { language, theme, size }] as [string, Look]),
);

async function main(only: readonly string[]): Promise<void> {
  if (chromiumPath === undefined) throw new Error('There is no Chromium on the PATH: please install one.');
  await builtDashboard();
  const scene = await furnish();
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] });
  const all = join(folder, 'all');
  if (only.length === 0) rmSync(all, { recursive: true, force: true });
  mkdirSync(all, { recursive: true });
  const pages = scene.pages.filter(({ name }) => only.length === 0 || only.includes(name));
  let wide = 0;
  try {
    for (const language of Object.keys(languages) as Language[])
      for (const page of pages) {
        const context = await browser.newContext({
          locale: languages[language],
          timezoneId: 'Asia/Jakarta',
          reducedMotion: 'reduce',
        });
        const tab = await context.newPage();
        await openPage(tab, scene, page);
        for (const size of Object.keys(sizes) as Look['size'][]) wide += await take(tab, all, page, language, size);
        await context.close();
        process.stdout.write(`${language} ${page.name}\n`);
      }
    await keepShown(all, pages);
  } finally {
    await browser.close();
    await scene.app.stop();
  }
  if (wide > 0) process.exitCode = 1;
}

/** Both themes of one size. Gives 1 when a phone would have to scroll sideways. */
async function take(tab: Tab, all: string, page: Page, language: Language, size: Look['size']): Promise<number> {
  await tab.setViewportSize(sizes[size]);
  for (const theme of themes) {
    await tab.emulateMedia({ colorScheme: theme });
    await tab.locator(`html[data-mantine-color-scheme=${theme}]`).waitFor({ state: 'attached' });
    await tab.screenshot({
      path: join(all, `${nameOf(page.name, { language, theme, size })}.png`),
      animations: 'disabled',
    });
  }
  const over = Number(await tab.evaluate('document.documentElement.scrollWidth - innerWidth'));
  if (over <= 0) return 0;
  process.stderr.write(`${page.name} (${language}, ${size}) is ${over} px wider than the window\n`);
  return 1;
}

async function keepShown(all: string, pages: readonly Page[]): Promise<void> {
  for (const [page, look] of shown.filter(([name]) => pages.some((one) => one.name === name))) {
    const name = nameOf(page, look);
    await sharp(join(all, `${name}.png`))
      .resize({ width: look.size === 'desk' ? 900 : 320 })
      .png({ palette: true, colours: 48, effort: 10 })
      .toFile(join(folder, `${name}.png`));
  }
}

await main(process.argv.slice(2));
