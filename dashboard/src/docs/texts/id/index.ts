import type { DocsTexts } from '../shape.ts';
import contract from './contract.ts';
import events from './events.ts';
import extras from './extras.ts';
import failures from './failures.ts';
import payloads from './payloads.ts';

export const id: DocsTexts = { contract, extras, events, failures, payloads };
