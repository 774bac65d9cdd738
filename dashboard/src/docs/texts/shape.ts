import type { FailureCode } from '../failures.ts';
import type contract from './id/contract.ts';
import type events from './id/events.ts';
import type extras from './id/extras.ts';
import type payloads from './id/payloads.ts';

/** What each language must have: the Indonesian texts are the model. */
export type ContractTexts = typeof contract;
export type ExtraTexts = typeof extras;
export type EventTexts = typeof events;
export type PayloadTexts = typeof payloads;
/** What to do, by code. */
export type FailureTexts = Readonly<Record<FailureCode, string>>;

export interface DocsTexts {
  readonly contract: ContractTexts;
  readonly extras: ExtraTexts;
  readonly events: EventTexts;
  readonly payloads: PayloadTexts;
  readonly failures: FailureTexts;
}
