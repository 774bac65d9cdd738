import { type Block, json } from '../model.ts';
import { type PayloadType, payloadExamples, payloads } from '../payloads.ts';
import type { DocsTexts } from '../texts/shape.ts';

/** What is posted to webhooks, by type: an example, and each field with its type and meaning. */
export function payloadBlocks({ payloads: texts, events }: DocsTexts): readonly Block[] {
  const table = (title: string, rows: readonly (readonly [field: string, type: string, meaning: string])[]): Block => ({
    is: 'table',
    title,
    head: texts.head,
    rows: rows.map(([field, type, meaning]) => [`\`${field}\``, `\`${type}\``, meaning]),
  });
  return [
    { is: 'heading', id: 'webhook-payloads', text: texts.title },
    { is: 'text', text: texts.lead },
    table(
      texts.title,
      Object.entries(texts.envelope).map(([field, meaning]) => [
        field,
        field === 'device' || field === 'data' ? 'object' : 'string',
        meaning,
      ]),
    ),
    ...(Object.keys(payloads) as PayloadType[]).flatMap((type): readonly Block[] => {
      const meanings: Readonly<Record<string, string>> = texts.fields[type];
      return [
        { is: 'heading', id: `event-${type.replace('.', '-')}`, text: type },
        { is: 'text', text: events.webhooks.rows[type] },
        { is: 'code', title: `${texts.example}: ${type}`, code: json(payloadExamples[type]) },
        table(
          `data: ${type}`,
          Object.entries(payloads[type]).map(([field, kind]) => [field, kind, meanings[field] ?? '']),
        ),
      ];
    }),
    { is: 'text', text: texts.legacy },
  ];
}
