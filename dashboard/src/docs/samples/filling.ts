/** What a sample is filled with. */
export interface Filling {
  /** Scheme, host and port of this server, without a slash at the end. */
  readonly origin: string;
  readonly token: string;
  readonly recipient: string;
  /** The text of a message. */
  readonly message: string;
  readonly mediaUrl: string;
  readonly caption: string;
  /** The Idempotency-Key. */
  readonly key: string;
}

export const operations = ['sendText', 'sendMedia', 'device', 'messages', 'retry'] as const;
export type Operation = (typeof operations)[number];

export type LanguageId = 'curl' | 'php' | 'javascript' | 'python' | 'laravel' | 'go';

export interface SampleLanguage {
  readonly id: LanguageId;
  /** On the tab. */
  readonly label: string;
  /** With its library, as the contract document names it. */
  readonly title: string;
  readonly write: Readonly<Record<Operation, (filling: Filling) => string>>;
}

const escaped = (text: string) => text.replace(/[\\']/g, (sign) => `\\${sign}`);

/** A text within single quotes in Python and JavaScript. */
export const quoted = (text: string): string => `'${escaped(text).replaceAll('\n', '\\n')}'`;

/** A text within single quotes in PHP, where they span lines and `\n` is two signs. */
export const phpQuoted = (text: string): string => `'${escaped(text)}'`;

/** The reader replaces it. */
export const TOKEN = 'YOUR_API_TOKEN';
export const RECIPIENT = '628123456789';

/** What stands in the chapters of the endpoints. */
export const fillingOf = (origin: string): Filling => ({
  origin,
  token: TOKEN,
  recipient: RECIPIENT,
  message: 'Hello from my app!',
  mediaUrl: 'https://example.com/photo.jpg',
  caption: 'Check out this photo!',
  key: 'order-1042-paid',
});

/** What stands in the chapter of the code examples: each language greets by its name. */
export const exampleOf = (filling: Filling, { label }: Pick<SampleLanguage, 'label'>): Filling => ({
  ...filling,
  message: `Hello from ${label}!`,
  mediaUrl: 'https://example.com/image.jpg',
  caption: 'Check this out!',
});
