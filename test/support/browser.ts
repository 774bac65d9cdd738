import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { builtDashboard } from './dashboard.ts';

/**
 * Chromium of this machine, by choice without the browser around it: the same pages in little more than half the time. Undefined: there
 * is none, and the tests that want one say that they are skipped.
 */
export const chromiumPath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) =>
    ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)),
  )
  .find((path) => existsSync(path));
if (chromiumPath === undefined) process.stdout.write('SKIPPED: tests in a browser, for there is no Chromium here\n');

export const phone = { viewport: { width: 360, height: 740 }, hasTouch: true } as const;
export const desk = { viewport: { width: 1280, height: 900 } } as const;

export interface VisitOptions extends BrowserContextOptions {
  /** Another server than the one of this browser's file. */
  readonly at?: { readonly url: string };
  /** Where the visit begins; the first page by default. */
  readonly path?: string;
  /** `name=value` of a session, for a visitor who is signed in already. */
  readonly cookie?: string;
  /** Answers of 4xx that the story provokes, as `POST /api/panel/sign-in 401`. Every other one fails it, and so does one that never came. */
  readonly refusals?: readonly RegExp[];
}

export type Visit = (options: VisitOptions, story: (page: Page) => Promise<void>) => Promise<void>;

/** That nobody is signed in is how the pages learn that nobody is. */
const ordinary = /^GET \/api\/panel\/(me|live) 401$/;
/** The browser's own words for an answer of 4xx, which `refusals` judges. */
const refusal = /^Failed to load resource: the server responded with a status of 4\d\d/;

/**
 * A browser for one test file, on the dashboard that `app` serves, built from the sources as they are. Each visit has a profile of its
 * own. It fails when the page told of an error or a warning, broke its own content security policy, asked another host, or was refused
 * what the story did not foresee.
 */
export async function openBrowser(app: { readonly url: string }) {
  await builtDashboard();
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath ?? '',
    args: ['--no-sandbox', '--disable-gpu'],
  });

  const visit: Visit = async ({ at = app, path = '/', cookie, refusals = [], ...options }, story) => {
    const context = await browser.newContext({ locale: 'en-US', timezoneId: 'Asia/Jakarta', ...desk, ...options });
    context.setDefaultTimeout(30_000);
    try {
      if (cookie !== undefined) await context.addCookies([{ ...pair(cookie), url: at.url }]);
      const page = await context.newPage();
      const watch = watchOver(page, at.url, refusals);
      await page.addInitScript(
        `addEventListener('securitypolicyviolation', (it) => console.error('policy: ' + it.violatedDirective + ' ' + it.blockedURI))`,
      );
      await page.goto(`${at.url}${path}`);
      try {
        await story(page);
      } catch (error) {
        throw await withPicture(error, page, watch.wrong());
      }
      const wrong = watch.wrong();
      if (wrong.length > 0) throw new Error(`the visit went wrong:\n${wrong.join('\n')}`);
      const missing = refusals.filter((one) => !watch.refused.some((answer) => one.test(answer)));
      if (missing.length > 0) throw new Error(`never refused: ${missing.join(', ')}; but: ${watch.refused.join(', ')}`);
    } finally {
      await context.close();
    }
  };

  return { visit, stop: () => browser.close() };
}

function pair(cookie: string): { name: string; value: string } {
  const at = cookie.indexOf('=');
  return { name: cookie.slice(0, at), value: cookie.slice(at + 1) };
}

/** Writes down what must not happen. */
function watchOver(page: Page, url: string, refusals: readonly RegExp[]) {
  const wrong: string[] = [];
  const refused: string[] = [];
  page.on('console', (message) => {
    if (refusal.test(message.text())) return;
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(`thrown: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    const asked = request.url();
    if (!asked.startsWith(`${url}/`) && !/^(data|blob):/.test(asked)) wrong.push(`asked ${asked}`);
  });
  page.on('response', (response) => {
    if (response.status() < 400) return;
    const { pathname } = new URL(response.url());
    const answer = `${response.request().method()} ${pathname} ${response.status()}`;
    if (ordinary.test(answer)) return;
    refused.push(answer);
    if (!refusals.some((one) => one.test(answer))) wrong.push(`refused: ${answer}`);
  });
  return { wrong: () => wrong, refused };
}

/** What the page looked like when the story broke off, and what it had told until then. */
async function withPicture(error: unknown, page: Page, wrong: readonly string[]): Promise<Error> {
  const file = join(mkdtempSync(join(tmpdir(), 'wagate-page-')), 'page.png');
  const taken = await page.screenshot({ path: file, fullPage: true, timeout: 10_000 }).then(
    () => file,
    (reason: unknown) => `none (${String(reason)})`,
  );
  const text = await page
    .locator('body')
    .innerText({ timeout: 10_000 })
    .catch((reason: unknown) => String(reason));
  const told = wrong.length === 0 ? '' : `\nThe visit had gone wrong already:\n${wrong.join('\n')}`;
  const message = error instanceof Error ? error.message : String(error);
  return new Error(`${message}\nat ${page.url()}, picture: ${taken}${told}\nIt said:\n${text}`, { cause: error });
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * What axe-core has against the page as it stands, as `rule: element`. The visit needs `bypassCSP`, only so that axe can be put into the page;
 * what a page does under its own policy, the other visits show.
 */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  // Colours that are still on their way are nobody's choice.
  await page.evaluate(
    'Promise.allSettled(document.getAnimations().filter((it) => it instanceof CSSTransition).map((it) => it.finished))',
  );
  return page.evaluate(
    `axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ': ' + target.join() + ' ' + failureSummary.replace(/\\s+/g, ' '))))`,
  );
}

/** How much wider than the window the page is, in px; 0 where nobody has to scroll sideways. */
export const overhang = (page: Page): Promise<number> =>
  page.evaluate('Math.max(0, document.documentElement.scrollWidth - innerWidth)');
