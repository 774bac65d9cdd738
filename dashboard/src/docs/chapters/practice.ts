import type { Section } from '../model.ts';
import type { Given } from './given.ts';

export const practice = ({ texts: { contract } }: Given): readonly Section[] => [
  {
    id: 'code-examples',
    group: 'practice',
    icon: 'code',
    title: contract.examples.title,
    blocks: [
      { is: 'text', text: contract.examples.lead },
      { is: 'samples', operation: 'sendText', title: contract.examples.sendText, example: true },
      { is: 'samples', operation: 'sendMedia', title: contract.examples.sendMedia, example: true },
      { is: 'heading', id: 'retry', text: contract.examples.retry },
      { is: 'text', text: contract.examples.retryText },
      { is: 'samples', operation: 'retry', title: contract.examples.retry, example: true },
    ],
  },
  {
    id: 'best-practices',
    group: 'practice',
    icon: 'sparkles',
    title: contract.practices.title,
    blocks: [
      {
        is: 'cards',
        cards: Object.values(contract.practices.items).map(([title = '', text = '']) => [title, text] as const),
      },
    ],
  },
];
