import { dashboardOnly, mannerNumbers } from '../facts.ts';
import { failureCodes, failures } from '../failures.ts';
import { type Block, json, type Section } from '../model.ts';
import { RECIPIENT } from '../samples/filling.ts';
import type { Given } from './given.ts';

/** Rows of a table whose first column is a word of the API. */
const worded = (rows: Readonly<Record<string, string | readonly string[]>>): readonly (readonly string[])[] =>
  Object.entries(rows).map(([name, cells]) => [`\`${name}\``, ...(typeof cells === 'string' ? [cells] : cells)]);

export const sending = ({ texts: { extras, failures: advice } }: Given): readonly Section[] => {
  const { options, recipients, idempotency, waiting, pacing, sandbox, limits, errors } = extras;
  const failureTable = (title: string, forPeople: boolean): Block => ({
    is: 'table',
    title,
    head: errors.head,
    rows: failureCodes
      .filter((code) => dashboardOnly.has(code) === forPeople)
      .map((code) => [String(failures[code][0]), `\`${code}\``, failures[code][1], advice[code]]),
  });
  return [
    {
      id: 'options',
      group: 'sending',
      title: options.title,
      blocks: [
        { is: 'text', text: options.lead },
        { is: 'table', title: options.title, head: options.head, rows: worded(options.rows) },
        {
          is: 'code',
          title: options.example,
          code: json({
            recipient: RECIPIENT,
            message: 'Hello World!',
            ref: 'invoice-1042',
            scheduled_at: '2025-12-10T10:00:00+07:00',
            when_offline: 'hold',
            expires_in: 3600,
          }),
        },
      ],
    },
    {
      id: 'recipients',
      group: 'sending',
      title: recipients.title,
      blocks: [
        { is: 'text', text: recipients.lead },
        {
          is: 'table',
          title: recipients.title,
          head: recipients.head,
          rows: [
            ['`081234567890`, `0812-3456-7890`, `(0812) 3456.7890`, `81234567890`', '`6281234567890`'],
            ['`6281234567890`, `+62 812-3456-7890`, `006281234567890`', '`6281234567890`'],
            ['`+62 0812…`, `620812…`', '`62812…`'],
            ['`+1 415…`, `+60…`', recipients.asIs],
            ['`…@s.whatsapp.net`, `…@c.us`', recipients.number],
            ['`…@g.us`, `…@lid`, `…@newsletter`', recipients.chat],
          ],
        },
        { is: 'text', text: recipients.refused },
      ],
    },
    {
      id: 'idempotency',
      group: 'sending',
      title: idempotency.title,
      blocks: [
        { is: 'text', text: idempotency.lead },
        { is: 'code', title: 'Header', code: 'Idempotency-Key: order-1042-paid' },
        { is: 'list', items: idempotency.items },
      ],
    },
    {
      id: 'waiting',
      group: 'sending',
      title: waiting.title,
      blocks: [
        { is: 'text', text: waiting.lead },
        { is: 'table', title: waiting.title, head: waiting.head, rows: worded(waiting.rows) },
      ],
    },
    {
      id: 'pacing',
      group: 'sending',
      title: pacing.title,
      blocks: [
        { is: 'text', text: pacing.lead },
        { is: 'table', title: pacing.title, head: pacing.head, rows: worded(pacing.rows) },
        { is: 'text', text: pacing.promise },
      ],
    },
    {
      id: 'sandbox',
      group: 'sending',
      title: sandbox.title,
      blocks: [
        { is: 'text', text: sandbox.lead },
        {
          is: 'table',
          title: sandbox.title,
          head: sandbox.head,
          rows: mannerNumbers.map((number) => [`\`${number}\``, ...sandbox.rows[number]]),
        },
        { is: 'text', text: sandbox.group },
      ],
    },
    {
      id: 'limits',
      group: 'sending',
      title: limits.title,
      blocks: [
        { is: 'text', text: limits.lead },
        { is: 'table', title: limits.title, head: limits.head, rows: worded(limits.rows) },
        { is: 'text', text: limits.body },
      ],
    },
    {
      id: 'errors',
      group: 'sending',
      title: errors.title,
      blocks: [
        { is: 'text', text: errors.lead },
        failureTable(errors.forTokens, false),
        { is: 'heading', id: 'errors-dashboard', text: errors.forPeople },
        failureTable(errors.forPeople, true),
      ],
    },
  ];
};
