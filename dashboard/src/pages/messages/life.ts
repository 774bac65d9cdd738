import i18next from 'i18next';
import type { PanelMessage } from '../../api/types.ts';
import { currentLanguage } from '../../i18n.ts';
import { translate } from '../../parts/failures.ts';

/** Why a message waits, in plain words. */
export function waitingText({ waiting_for, waiting_reason }: PanelMessage): string {
  const fine = `messages:waiting.${waiting_reason ?? ''}`;
  if (waiting_reason !== null && i18next.exists(fine)) return translate(fine);
  return waiting_for === null ? '' : i18next.t(`messages:waiting.${waiting_for}`);
}

/** Cancelled by somebody is no failure that needs a reason. */
export const hasFailed = ({ status, state }: PanelMessage): boolean => status === 'failed' && state !== 'cancelled';

/** Why a message failed: by its code in the reader's language, with the server's sentence where it says more. */
export function failureText({ error_code, error_message }: PanelMessage): string {
  const key = `failures:${error_code ?? ''}`;
  // The server names WhatsApp's own number in its sentence: "(error 463)".
  const refused = `messages:refused.${/\berror (\d+)/.exec(error_message ?? '')?.[1] ?? ''}`;
  if (error_code === 'refused_by_whatsapp' && i18next.exists(refused)) return translate(refused);
  if (currentLanguage() === 'en' && error_message !== null) return error_message;
  return error_code !== null && i18next.exists(key)
    ? translate(key)
    : (error_message ?? i18next.t('failures:send_failed'));
}

export interface Step {
  readonly name: 'accepted' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed' | 'expired' | 'cancelled';
  /** null: not yet. */
  readonly at: string | null;
}

/** The steps of a message's life, those to come at the end. */
export function stepsOf(message: PanelMessage): readonly Step[] {
  const steps: Step[] = [{ name: 'accepted', at: message.created_at }];
  if (message.sending_at !== null) steps.push({ name: 'sending', at: message.sending_at });
  if (message.state === 'failed' || message.state === 'expired' || message.state === 'cancelled')
    return [...steps, { name: message.state, at: message.failed_at ?? message.created_at }];
  return [
    ...steps,
    { name: 'sent', at: message.sent_at },
    { name: 'delivered', at: message.delivered_at ?? message.read_at },
    { name: 'read', at: message.read_at },
  ];
}
