import { json, type Section } from '../model.ts';
import { TOKEN } from '../samples/filling.ts';
import type { Given } from './given.ts';
import { payloadBlocks } from './payloads.ts';

/** Webhooks, inbox and live events. */
export const receiving = ({ texts, origin }: Given): readonly Section[] => {
  const { events } = texts;
  const { webhooks, inbox, calls } = events;
  const rows = (isHere: (call: string) => boolean) =>
    Object.entries(calls)
      .filter(([call]) => isHere(call))
      .map(([call, text]) => [`\`${call}\``, text]);
  const isWebhook = (call: string) => call.includes(' /webhooks');
  return [
    {
      id: 'webhooks',
      group: 'receiving',
      title: webhooks.title,
      blocks: [
        { is: 'text', text: webhooks.lead },
        {
          is: 'code',
          title: webhooks.create,
          code: `curl -X POST ${origin}/api/v1/webhooks \\
  -H "Authorization: Bearer ${TOKEN}" \\
  -H "Content-Type: application/json" \\
  -d '${json({ url: 'https://example.com/whatsapp', events: ['message.received', 'message.status'] }).replaceAll('\n', '\n  ')}'`,
        },
        {
          is: 'table',
          title: webhooks.title,
          head: webhooks.head,
          rows: Object.entries(webhooks.rows).map(([event, text]) => [`\`${event}\``, text]),
        },
        ...payloadBlocks(texts),
        { is: 'heading', id: 'webhook-rules', text: webhooks.rules },
        { is: 'list', items: webhooks.items },
        { is: 'heading', id: 'webhook-receivers', text: texts.payloads.receivers },
        { is: 'text', text: texts.payloads.receiversLead },
        { is: 'receivers', title: texts.payloads.receiver },
        { is: 'heading', id: 'webhook-routes', text: webhooks.manage },
        { is: 'table', title: webhooks.manage, head: events.head, rows: rows(isWebhook) },
      ],
    },
    {
      id: 'inbox',
      group: 'receiving',
      title: inbox.title,
      blocks: [
        { is: 'text', text: inbox.lead },
        {
          is: 'code',
          title: inbox.example,
          code: `curl -X GET "${origin}/api/v1/inbox?limit=10" \\\n  -H "Authorization: Bearer ${TOKEN}"`,
        },
        { is: 'text', text: inbox.poll },
        { is: 'text', text: inbox.stop },
        { is: 'heading', id: 'inbox-routes', text: inbox.routes },
        { is: 'table', title: inbox.routes, head: events.head, rows: rows((call) => !isWebhook(call)) },
      ],
    },
  ];
};
