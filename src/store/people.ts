import type { Context } from './context.ts';
import type { StoredEvent } from './events.ts';
import type { InboxBody, InboxRow } from './inbox.ts';
import { type MessageRow, openMessage } from './message.ts';
import { causeOf, createErasure, toPerson, withPerson } from './people/erasing.ts';
import { jidsOf, type PersonNames, peersOf } from './people/names.ts';
import { devicesIn } from './people/walking.ts';
import { about, openJson } from './seals.ts';

export type { Erased, PersonFile } from './people/erasing.ts';
export type { PersonNames } from './people/names.ts';

export interface PersonConversation {
  readonly device_id: number;
  readonly peer: string;
  readonly opened_by: 'us' | 'them';
  readonly opened_at: number;
  readonly opted_out_at: number | null;
}

/** Everything that an account holds of one person; rows in the order in which they came. */
export interface PersonRecord {
  readonly conversations: readonly PersonConversation[];
  readonly messages: readonly MessageRow[];
  readonly inbox: readonly InboxRow[];
  readonly events: readonly StoredEvent[];
  readonly deliveries: readonly {
    readonly webhook: string;
    readonly event: string;
    readonly state: string;
    readonly status: number | null;
    readonly delivered_at: number | null;
  }[];
  /** Keys of encrypted sessions with the person's phones. */
  readonly sessions: number;
}

/** Events are kept for a week; a query takes so many names of what they tell of. */
const MOST_CAUSES = 10_000;

export type People = ReturnType<typeof createPeople>;

/** One person in all tables of an account, for those who ask what is kept of them, and for it to be forgotten. */
export function createPeople(context: Context) {
  const { db, vault } = context;
  const erasure = createErasure(context);

  return {
    /** The other names of a person: those who wrote showed both, and the devices' own key rows hold the pairs. */
    async namesOf(account_id: number, given: PersonNames): Promise<PersonNames> {
      const seen = await db
        .selectFrom('inbox')
        .select(['from_phone', 'from_lid'])
        .distinct()
        .where('device_id', 'in', [0, ...(await devicesIn(db, account_id))])
        .where('account_id', '=', account_id)
        .where('direction', '=', 'in')
        .where((eb) =>
          eb.or([
            eb('from_phone', '=', given.phone ?? ''),
            eb('from_lid', 'in', ['', ...given.lids.map((lid) => `${lid}@lid`)]),
          ]),
        )
        .execute();
      const ids = [...(given.phone === null ? [] : [given.phone]), ...given.lids.map((lid) => `${lid}_reverse`)];
      const mapped = await db
        .selectFrom('device_key')
        .innerJoin('device', 'device.id', 'device_key.device_id')
        .select(['device_id', 'key_id', 'sealed_value'])
        .where('account_id', '=', account_id)
        .where('type', '=', 'lid-mapping')
        .where('key_id', 'in', ids)
        .execute();
      const pairs = mapped.map(({ device_id, key_id, sealed_value }) => {
        const other = String(
          openJson(vault, sealed_value, about.key({ account_id, device_id }, 'lid-mapping', key_id)),
        );
        return key_id.endsWith('_reverse') ? { phone: other, lid: null } : { phone: null, lid: other };
      });
      const phones = [given.phone, ...seen.map(({ from_phone }) => from_phone), ...pairs.map(({ phone }) => phone)];
      const lids = [
        ...given.lids,
        ...seen.map(({ from_lid }) => from_lid?.replace(/@lid$/, '') ?? null),
        ...pairs.map(({ lid }) => lid),
      ];
      return {
        phone: phones.find((phone) => phone !== null && /^\d+$/.test(phone)) ?? null,
        lids: [...new Set(lids.filter((lid) => lid !== null && /^\d+$/.test(lid)))].map(String),
      };
    },

    async read(account_id: number, names: PersonNames): Promise<PersonRecord> {
      const devices = await devicesIn(db, account_id);
      const conversations = await db
        .selectFrom('conversation')
        .selectAll()
        .where('device_id', 'in', [0, ...devices])
        .where('peer', 'in', [...peersOf(names), ...jidsOf(names)])
        .orderBy('opened_at')
        .execute();
      const messages = await db
        .selectFrom('message')
        .selectAll()
        .where('account_id', '=', account_id)
        .where(toPerson(names))
        .orderBy('id')
        .execute();
      const inbox = await db
        .selectFrom('inbox')
        .selectAll()
        .where('device_id', 'in', [0, ...devices])
        .where('account_id', '=', account_id)
        .where(withPerson(names))
        .orderBy('id')
        .execute();
      const causes = inbox.slice(-MOST_CAUSES).map(({ id }) => causeOf(id));
      const events = await db
        .selectFrom('event')
        .selectAll()
        .where('account_id', '=', account_id)
        .where((eb) =>
          eb.or([eb('chat', 'in', [...peersOf(names), ...jidsOf(names)]), eb('cause', 'in', ['', ...causes])]),
        )
        .orderBy('id')
        .execute();
      const deliveries = await db
        .selectFrom('delivery')
        .innerJoin('event', 'event.id', 'delivery.event_id')
        .innerJoin('webhook', 'webhook.id', 'delivery.webhook_id')
        .select([
          'webhook.url as webhook',
          'event.uid as event',
          'delivery.state',
          'delivery.status',
          'delivery.delivered_at',
        ])
        .where('event.id', 'in', [0, ...events.slice(-MOST_CAUSES).map(({ id }) => id)])
        .orderBy('delivery.id')
        .execute();
      return {
        conversations,
        messages: messages.map((row) => openMessage(context, row)),
        inbox: inbox.map(({ sealed_body, sealed_proto: _, ...row }) => ({
          ...row,
          body: openJson<InboxBody>(vault, sealed_body, about.inbox(row, row.sender, row.whatsapp_id)),
        })),
        events: events.map(({ sealed_payload, ...row }) => ({
          ...row,
          payload: openJson<StoredEvent['payload']>(vault, sealed_payload, about.event(row, row.uid)),
        })),
        deliveries,
        sessions: (await erasure.keysOf(account_id, names)).length,
      };
    },

    erase: erasure.erase,
  };
}
