import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as answers from '../../dashboard/src/docs/answers.ts';
import { dashboardOnly, limits, mannerNumbers, pacing } from '../../dashboard/src/docs/facts.ts';
import { type FailureCode, failures } from '../../dashboard/src/docs/failures.ts';
import type { Block, Section } from '../../dashboard/src/docs/model.ts';
import { type PayloadType, payloadExamples, payloads } from '../../dashboard/src/docs/payloads.ts';
import { exampleOf, fillingOf } from '../../dashboard/src/docs/samples/filling.ts';
import { languages } from '../../dashboard/src/docs/samples/index.ts';
import { sectionsIn } from '../../dashboard/src/docs/sections.ts';
import { en } from '../../dashboard/src/docs/texts/en/index.ts';
import { id } from '../../dashboard/src/docs/texts/id/index.ts';
import { MANNERS } from '../../simulator/manners.ts';
import { readConfig } from '../../src/base/config.ts';
import { failures as serverFailures } from '../../src/base/errors.ts';
import { PACING } from '../../src/gateway/pacing.ts';
import { envelopes } from '../../src/http/v1/event-schemas.ts';
import { samples } from '../contract/document.ts';

const ORIGIN = 'https://wagate.in';
const indonesian = sectionsIn('id', ORIGIN);
const english = sectionsIn('en', ORIGIN);

/** Everything that a block shows, samples in one language. */
function wordsOf(block: Block, language = languages[0]): readonly string[] {
  switch (block.is) {
    case 'heading':
    case 'text':
      return [block.text];
    case 'note':
      return [block.title === undefined ? block.text : `${block.title}: ${block.text}`];
    case 'list':
      return block.items;
    case 'code':
      return [block.title, block.code];
    case 'route':
      return [block.method, block.path];
    case 'table':
      return [block.title, ...block.head, ...block.rows.flat()];
    case 'cards':
      return block.cards.flat();
    case 'samples':
      return [block.title, language?.write[block.operation](fillingOf(ORIGIN)) ?? ''];
    case 'receivers':
      return [block.title];
    case 'try':
      return [];
  }
}

const wordsIn = (sections: readonly Section[]) =>
  sections.flatMap((section) => [section.title, ...section.blocks.flatMap((block) => wordsOf(block))]);

/** Without what only decorates: pictures, marks of code, white space. */
const bare = (text: string) => text.replace(/\p{Extended_Pictographic}|\uFE0F|[`\s]/gu, '');

describe('both languages', () => {
  const shapeOf = (sections: readonly Section[]) =>
    sections.map((section) => ({
      id: section.id,
      group: section.group,
      method: section.method,
      blocks: section.blocks.map((block) => ({
        is: block.is,
        size: wordsOf(block).length,
        anchor: block.is === 'heading' ? block.id : undefined,
      })),
    }));

  test('have the same sections, blocks, tables and anchors', () => {
    expect(shapeOf(english)).toEqual(shapeOf(indonesian));
  });

  test('have the same texts, the same {names} in each, and leave none empty', () => {
    const flat = (tree: unknown, path = ''): [string, string][] =>
      typeof tree === 'string'
        ? [[path, tree]]
        : Object.entries(tree as object).flatMap(([key, value]) => flat(value, `${path}/${key}`));
    const names = (text: string) => [...new Set(text.match(/\{\w+\}/g))].toSorted();
    const [ours, theirs] = [new Map(flat(id)), new Map(flat(en))];
    expect([...theirs.keys()]).toEqual([...ours.keys()]);
    for (const [key, text] of ours) {
      expect(text.trim(), key).not.toBe('');
      expect(names(theirs.get(key) ?? ''), key).toEqual(names(text));
    }
  });

  test('leave no number unfilled, and every link and anchor leads to exactly one place', () => {
    for (const sections of [indonesian, english]) {
      const words = wordsIn(sections).join('\n');
      const known = new RegExp(`\\{(${Object.keys({ ...limits, ...pacing }).join('|')})\\}`);
      expect(words).not.toMatch(known);
      const anchors = sections.flatMap(({ id, blocks }) => [
        id,
        ...blocks.flatMap((block) => (block.is === 'heading' ? [block.id] : [])),
      ]);
      expect(new Set(anchors).size).toBe(anchors.length);
      for (const [, target] of words.matchAll(/\]\(#([\w-]+)\)/g)) expect(anchors).toContain(target);
    }
  });
});

describe('the Indonesian page', () => {
  const contract = readFileSync(new URL('../contract/wagate-api.id.txt', import.meta.url), 'utf8');
  const split = contract.indexOf('💻 Code Examples');
  /** The lines of a part of the contract; headings are set apart from the examples that the copy glued them to. */
  const linesOf = (part: string) =>
    part
      .replace(
        /([}"])(?=(Example Request|Error Responses|Success Response|\/send|\/device|\/messages|\/\/ \d{3}))/g,
        '$1\n',
      )
      .replace(/ (?=(video|audio|document) →|&page|&status|- Media URL)/g, '\n')
      .split('\n')
      .map((line) => bare(line.replace(/^- /, '').replace(/:$/, '')))
      .filter((line) => line !== '');

  function expectInOrder(lines: readonly string[], page: string) {
    let at = 0;
    for (const line of lines) {
      const found = page.indexOf(line, at);
      expect(found, `"${line}" after "${page.slice(Math.max(0, at - 80), at)}"`).toBeGreaterThanOrEqual(0);
      at = found + line.length;
    }
  }

  const page = bare(wordsIn(indonesian).join('\n'));

  test('says everything that the contract document says, word for word and in its order', () => {
    const lines = linesOf(contract.slice(0, split));
    expect(lines.length).toBeGreaterThan(130);
    expectInOrder(lines, page);
  });

  test('ends with its best practices', () => {
    const practices = contract.slice(contract.indexOf('✨ Best Practices'));
    expectInOrder(linesOf(practices), page.slice(page.lastIndexOf('BestPractices')));
  });

  test.each(samples)('shows the document’s own program: $language, $what', ({ language, what, code }) => {
    const ours = languages.find(({ label }) => label === language);
    if (ours === undefined) throw new Error(`no samples in ${language}`);
    const operation = what === 'Media' ? 'sendMedia' : 'sendText';
    expect(bare(ours.write[operation](exampleOf(fillingOf(ORIGIN), ours)))).toBe(bare(code));
  });
});

describe('what the page tells of this server is so', () => {
  const openapi = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8')) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    readonly webhooks?: Readonly<Record<string, { readonly post: Operation }>>;
    readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  };
  interface Content {
    readonly example?: unknown;
    readonly examples?: Readonly<Record<string, unknown>>;
    readonly schema?: Schema;
  }
  interface Operation {
    readonly parameters: readonly { readonly name: string; readonly in: string }[];
    readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
    readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>;
  }
  interface Schema {
    readonly type?: string | readonly string[];
    readonly enum?: readonly unknown[];
    readonly anyOf?: readonly Schema[];
    readonly items?: Schema;
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly $ref?: string;
  }

  const operationOf = (method: string, path: string) => openapi.paths[`/api/v1${path}`]?.[method];
  const example = (method: string, path: string, status: number) =>
    operationOf(method, path)?.responses[status]?.content?.['application/json']?.example;

  test('every way to fail, with its status and sentence', () => {
    expect(failures).toEqual(serverFailures);
  });

  test('which of them only people in the dashboard meet', () => {
    const forTokens = Object.entries(openapi.paths)
      .filter(([path]) => path.startsWith('/api/v1/'))
      .flatMap(([, methods]) => Object.values(methods))
      .flatMap(({ responses }) => Object.values(responses))
      .flatMap(({ content }) => Object.keys(content?.['application/json']?.examples ?? {}));
    expect(forTokens.length).toBeGreaterThan(20);
    expect(forTokens.filter((code) => dashboardOnly.has(code as FailureCode))).toEqual([]);
  });

  test.each([
    ['post', '/send-message', 200, answers.textSent],
    ['post', '/send-message', 202, answers.pending],
    ['post', '/send-media', 200, answers.mediaSent],
    ['get', '/device', 200, answers.deviceFound],
    ['get', '/messages', 200, answers.messagesListed],
    ['get', '/messages/{id}', 200, answers.messageFound],
  ] as const)('the answer to %s %s (%i)', (method, path, status, shown) => {
    expect(shown).toEqual(example(method, path, status));
  });

  test('the options of sending, and the filters of the history', () => {
    const body = operationOf('post', '/send-message')?.requestBody?.content['application/json']?.schema;
    const fields = Object.keys(body?.properties ?? {}).filter((name) => name !== 'recipient' && name !== 'message');
    expect(Object.keys(id.extras.options.rows).toSorted()).toEqual(fields.toSorted());
    const inQuery = operationOf('get', '/messages')?.parameters.filter((parameter) => parameter.in === 'query');
    const filters = inQuery?.map(({ name }) => name).filter((name) => !['limit', 'page', 'status'].includes(name));
    expect(Object.keys(id.contract.messages.filterRows)).toEqual(filters);
  });

  test('every endpoint', () => {
    const shown = new Set([
      ...indonesian.flatMap(({ method, title }) => (method === undefined ? [] : [`${method} ${title}`])),
      ...indonesian.flatMap(({ blocks }) =>
        blocks.flatMap((block) => (block.is === 'route' ? [`${block.method} ${block.path}`] : [])),
      ),
      ...Object.keys(id.events.calls),
    ]);
    const served = Object.entries(openapi.paths)
      .filter(([path]) => path.startsWith('/api/v1/'))
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.slice('/api/v1'.length)}`),
      );
    expect([...shown].toSorted()).toEqual(served.toSorted());
  });

  test('every event of webhooks, each field of its body, and its example', () => {
    const types = envelopes.map(({ type }) => type);
    expect(Object.keys(id.events.webhooks.rows)).toEqual(types);
    expect(Object.keys(openapi.webhooks ?? {})).toEqual(types);
    expect(Object.keys(payloads)).toEqual(types);
    for (const { type, schema } of envelopes) {
      const example = payloadExamples[type as PayloadType];
      expect(schema.strict().parse(example), type).toEqual(example);
      const body = openapi.webhooks?.[type]?.post.requestBody?.content['application/json'];
      const whole = named(body?.schema);
      expect(Object.keys(id.payloads.envelope)).toEqual(Object.keys(whole?.properties ?? {}));
      expect(fieldsOf(whole?.properties?.data), type).toEqual(payloads[type as PayloadType]);
      for (const texts of [id, en])
        expect(Object.keys(texts.payloads.fields[type as PayloadType])).toEqual(
          Object.keys(payloads[type as PayloadType]),
        );
    }
  });

  /** Each property with its type in JSON's words; those of an inner object or list behind it, as `media.bytes`, `notices[].code`. */
  function fieldsOf(schema: Schema | undefined, before = ''): Readonly<Record<string, string>> {
    const entries = Object.entries(named(schema)?.properties ?? {}).flatMap(([name, inner]) => {
      const path = `${before}${name}`;
      const forms = inner.anyOf ?? [inner];
      return [
        [path, forms.map(wordOf).join(' | ')] as const,
        ...forms.flatMap((form) => [
          ...Object.entries(fieldsOf(form, `${path}.`)),
          ...Object.entries(fieldsOf(form.items, `${path}[].`)),
        ]),
      ];
    });
    return Object.fromEntries(entries);
  }
  const named = (schema: Schema | undefined): Schema | undefined =>
    schema?.$ref === undefined ? schema : openapi.components.schemas[schema.$ref.split('/').at(-1) ?? ''];
  const wordOf = ({ type, enum: words }: Schema): string =>
    words === undefined ? [type].flat().join(' | ') : words.map((word) => JSON.stringify(word)).join(' | ');

  test('the defaults of pacing', () => {
    expect({
      gap_ms: [pacing.gapShortest * 1000, pacing.gapLongest * 1000],
      recipient_gap_ms: pacing.recipientGap * 1000,
      per_minute: pacing.perMinute,
      per_hour: pacing.perHour,
      per_day: pacing.perDay,
      new_conversations_per_day: pacing.newPerDay,
      new_conversations_first_day: pacing.newFirstDay,
      warm_up_days: pacing.warmUpDays,
      quiet_hours: null,
      enabled: true,
    }).toEqual(PACING);
  });

  test('the limits', () => {
    const config = readConfig({ NODE_ENV: 'test' });
    expect(limits.ratePerMinute).toBe(config.RATE_LIMIT_PER_MINUTE);
    expect(limits.waitSeconds).toBe(config.SEND_WAIT_SECONDS);
    expect(limits.mediaMb).toBe(config.MEDIA_MAX_MB);
    expect(limits.mediaSeconds).toBe(config.MEDIA_TIMEOUT_SECONDS);
  });

  test('the sandbox’s numbers with fixed manners', () => {
    expect([...mannerNumbers]).toEqual(Object.keys(MANNERS));
  });
});
