/** Text that is HTML already. Whatever else stands in a template is escaped: names and captions are hostile. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | readonly Markup[] | null | undefined | false;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);

const render = (part: Part): string => {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map((one) => one.text).join('');
  return escapeHtml(String(part));
};

export const html = (strings: TemplateStringsArray, ...parts: Part[]): Markup =>
  new Markup(strings.reduce((text, string, i) => text + render(parts[i - 1]) + string));

/** `code` between backticks, paragraphs as they are: all that our own descriptions use. */
export const prose = (text: string): Markup => new Markup(escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>'));

interface Page {
  readonly language: 'id' | 'en';
  readonly title: string;
  readonly body: Markup;
  readonly wide?: boolean;
}

export const page = ({ language, title, body, wide }: Page): string =>
  html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="/assets/wagate.css">
</head>
<body class="${wide ? 'wide' : 'narrow'}">
${body}
</body>
</html>
`.text;
