import type { Section } from '../model.ts';
import { TOKEN } from '../samples/filling.ts';
import type { Given } from './given.ts';

export const basics = ({ texts: { contract, extras }, origin }: Given): readonly Section[] => [
  {
    id: 'getting-started',
    group: 'basics',
    icon: 'rocket',
    title: contract.start.title,
    blocks: [
      { is: 'text', text: contract.start.lead },
      { is: 'heading', id: 'how-it-works', icon: 'book', text: contract.start.how },
      { is: 'list', items: contract.start.steps, ordered: true },
      { is: 'note', tone: 'warning', title: contract.start.security, text: contract.start.securityText },
    ],
  },
  {
    id: 'base-url',
    group: 'basics',
    icon: 'world',
    title: contract.start.baseUrl,
    blocks: [
      { is: 'code', title: contract.start.baseUrl, code: `${origin}/api/v1` },
      { is: 'text', text: contract.start.baseUrlText },
    ],
  },
  {
    id: 'authentication',
    group: 'basics',
    icon: 'lock',
    title: contract.authentication.title,
    blocks: [
      { is: 'text', text: contract.authentication.lead },
      { is: 'code', title: 'Header', code: `Authorization: Bearer ${TOKEN}_HERE` },
      { is: 'heading', id: 'get-a-token', icon: 'notes', text: contract.authentication.get },
      { is: 'list', items: contract.authentication.steps, ordered: true },
      { is: 'heading', id: 'token-tips', icon: 'bulb', text: contract.authentication.tips },
      { is: 'list', items: contract.authentication.tipItems },
      { is: 'text', text: contract.authentication.onlyHeader },
      { is: 'note', tone: 'tip', text: contract.authentication.ready },
    ],
  },
  {
    id: 'try-it',
    group: 'basics',
    icon: 'flask',
    title: extras.tryIt.title,
    blocks: [{ is: 'text', text: extras.tryIt.lead }, { is: 'try' }],
  },
];
