import type { Operation } from './samples/filling.ts';

export type Icon = 'rocket' | 'book' | 'world' | 'lock' | 'notes' | 'bulb' | 'flask' | 'code' | 'sparkles';

/** The page as data: what it says does not know how it is shown, so that the tests can read it. */
export type Block =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'heading'; readonly id: string; readonly icon?: Icon; readonly text: string }
  | { readonly is: 'list'; readonly items: readonly string[]; readonly ordered?: boolean }
  | { readonly is: 'note'; readonly tone: 'tip' | 'warning'; readonly title?: string; readonly text: string }
  | { readonly is: 'code'; readonly title: string; readonly code: string }
  | { readonly is: 'route'; readonly method: string; readonly path: string }
  | {
      readonly is: 'table';
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
      readonly title: string;
    }
  /** One program in every language. `example`: as the contract's code examples greet. */
  | { readonly is: 'samples'; readonly operation: Operation; readonly title: string; readonly example?: boolean }
  /** What webhooks are posted to, in each language that has one. */
  | { readonly is: 'receivers'; readonly title: string }
  | { readonly is: 'cards'; readonly cards: readonly (readonly [title: string, text: string])[] }
  | { readonly is: 'try' };

export type Group = 'basics' | 'endpoints' | 'sending' | 'receiving' | 'practice';

export interface Section {
  /** The anchor. */
  readonly id: string;
  readonly group: Group;
  readonly icon?: Icon;
  readonly title: string;
  readonly method?: string;
  readonly blocks: readonly Block[];
}

/** JSON with a comment behind each line that has one, as the contract document shows bodies. */
export function commented(body: Readonly<Record<string, unknown>>, comments: Readonly<Record<string, string>>): string {
  const entries = Object.entries(body);
  const lines = entries.map(([name, value], i) => {
    const line = `  ${JSON.stringify(name)}: ${JSON.stringify(value)}${i < entries.length - 1 ? ',' : ''}`;
    const comment = comments[name];
    return comment === undefined ? line : `${line} // ${comment}`;
  });
  return `{\n${lines.join('\n')}\n}`;
}

export const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** Fills the `{names}` that are known in every text of a tree. */
export function filled<T>(texts: T, facts: Readonly<Record<string, string>>): T {
  if (typeof texts === 'string') return texts.replace(/\{(\w+)\}/g, (whole, name: string) => facts[name] ?? whole) as T;
  if (Array.isArray(texts)) return texts.map((text) => filled(text, facts)) as T;
  if (typeof texts === 'object' && texts !== null)
    return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, filled(text, facts)])) as T;
  return texts;
}
