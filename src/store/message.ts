import { type Selectable, sql } from 'kysely';
import type { Context } from './context.ts';
import type { MessageState, MessageTable } from './schema.ts';
import { about, openJson } from './seals.ts';

/** What was asked for, as JSON; its shape is the gateway's (`gateway/body.ts`). Sealed at rest. */
export type MessageBody = Readonly<Record<string, unknown>>;

export type MessageRow = Omit<Selectable<MessageTable>, 'sealed_body'> & { readonly body: MessageBody };

/** The three words of the contract document, and the states each stands for. */
export const statuses = {
  pending: ['queued', 'sending'],
  sent: ['sent', 'delivered', 'read'],
  failed: ['failed', 'expired', 'cancelled'],
} as const satisfies Record<string, readonly MessageState[]>;
export type MessageStatus = keyof typeof statuses;

/**
 * The account, where the device has better indexes: SQLite would take `message_account` for it, which holds what all devices of the account
 * ever sent. The plus says that it asks for no index, to PostgreSQL nothing.
 */
export const notByAccount = sql<number>`+account_id`;

/** The row as others see it. Its body is opened when it is first asked for: most changes of a row are not about its text. */
export function openMessage(
  { vault }: Pick<Context, 'vault'>,
  stored: Selectable<MessageTable>,
  known?: MessageBody,
): MessageRow {
  const { sealed_body, ...row } = stored;
  let opened = known;
  return Object.defineProperty(row, 'body', {
    enumerable: true,
    get: () => {
      opened ??= openJson<MessageBody>(vault, sealed_body, about.body(row, row.whatsapp_id));
      return opened;
    },
  }) as MessageRow;
}
