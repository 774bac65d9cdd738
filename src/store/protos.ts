import type { Context } from './context.ts';
import { about } from './seals.ts';

/** The frozen bytes of sent messages. `markSending` writes them. */
export function createProtos({ db, vault }: Pick<Context, 'db' | 'vault'>) {
  return {
    /** The very bytes that were sent under this WhatsApp id, while they are kept. Throws SealBroken. */
    async findProto(device_id: number, whatsapp_id: string): Promise<Buffer | undefined> {
      const row = await db
        .selectFrom('message_proto')
        .innerJoin('device', 'device.id', 'message_proto.device_id')
        .select(['message_proto.sealed_proto', 'device.account_id'])
        .where('message_proto.device_id', '=', device_id)
        .where('message_proto.whatsapp_id', '=', whatsapp_id)
        .executeTakeFirst();
      return row && vault.open(row.sealed_proto, about.proto({ account_id: row.account_id, device_id }, whatsapp_id));
    },

    /** The same, with the recipient that it went to: for a message that quotes it. */
    async findSent(account_id: number, device_id: number, whatsapp_id: string) {
      const row = await db
        .selectFrom('message_proto')
        .innerJoin('message', 'message.id', 'message_proto.message_id')
        .select(['message_proto.sealed_proto', 'message.recipient', 'message.chat'])
        .where('message_proto.device_id', '=', device_id)
        .where('message_proto.whatsapp_id', '=', whatsapp_id)
        .where('message.account_id', '=', account_id)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const proto = vault.open(row.sealed_proto, about.proto({ account_id, device_id }, whatsapp_id));
      return { proto, recipient: row.recipient, chat: row.chat };
    },

    /**
     * Deletes the bytes that were frozen before, but for messages still on their way, at most `limit`, the oldest first; gives how many. Of all
     * tenants.
     */
    async pruneProtos(before: number, limit: number): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('message_proto')
        .where('message_id', 'in', (old) =>
          old
            .selectFrom('message_proto')
            .select('message_id')
            .where('created_at', '<', before)
            // Asked of each row that is old: a list of all that wait would look through every message there is.
            .where((eb) =>
              eb.not(
                eb.exists(
                  eb
                    .selectFrom('message')
                    .select('id')
                    .whereRef('message.id', '=', 'message_proto.message_id')
                    .where('state', 'in', ['queued', 'sending']),
                ),
              ),
            )
            .orderBy('created_at')
            .limit(limit),
        )
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}
