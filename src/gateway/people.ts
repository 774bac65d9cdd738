import { isoMicros } from '../base/clock.ts';
import { invalid, isFailure } from '../base/errors.ts';
import { maskPhone } from '../base/log.ts';
import type { Erased, PersonFile, PersonNames, PersonRecord, Store } from '../store/index.ts';
import type { Audit } from './audit.ts';
import type { Fleet } from './fleet.ts';
import { messageJson } from './inbox/rows.ts';
import type { Shelf } from './inbox-media/shelf.ts';
import type { InboxMedia } from './inbox-media.ts';
import type { MediaFetcher } from './media.ts';
import { viewOf } from './messages.ts';
import { normaliseRecipient } from './recipients.ts';
import type { Signed } from './sessions.ts';

/** Who asks: somebody who is signed in, or the command line. */
export interface Asker {
  readonly accountId: number;
  readonly who?: Signed;
  readonly address: string | null;
}

/** Everything that an account keeps of one person, as JSON; times are ISO 8601. */
export interface PersonExport {
  readonly person: { readonly phone: string | null; readonly hidden_ids: readonly string[] };
  readonly conversations: readonly object[];
  readonly sent: readonly object[];
  readonly received: readonly object[];
  readonly files: readonly { readonly message: number; readonly path: string; readonly opens_until: string }[];
  readonly events: readonly object[];
  readonly deliveries: readonly object[];
  readonly encryption_keys: number;
}

export interface PersonSummary {
  readonly phone: string | null;
  readonly hiddenIds: readonly string[];
  readonly sent: number;
  readonly received: number;
  readonly files: number;
  readonly events: number;
  readonly keys: number;
  readonly optedOutAt: number | null;
}

/** What an account keeps of one person: shown, handed out, erased (UU PDP, articles 6 to 8), and how long it is kept at all. */
export interface People {
  /** Throws `validation_failed` on `person`. */
  look(asker: Asker, person: string): Promise<PersonSummary>;
  export(asker: Asker, person: string): Promise<PersonExport>;
  /** Everywhere, at once; what was delivered to webhooks is the receiver's to erase. */
  erase(asker: Asker, person: string): Promise<Erased>;
  retention(accountId: number): Promise<number | null>;
  setRetention(asker: Asker, days: number | null): Promise<void>;
  /** Of all accounts: removes what is older than each keeps. */
  prune(now: number): Promise<void>;
}

export interface PeopleNeeds {
  readonly store: Pick<Store, 'people' | 'retention' | 'devices' | 'durable'>;
  readonly fleet: Pick<Fleet, 'size' | 'refresh'>;
  readonly media: Pick<MediaFetcher, 'discard'>;
  readonly shelf: Pick<Shelf, 'remove'>;
  readonly inboxMedia: Pick<InboxMedia, 'link'>;
  readonly audit: Audit;
  readonly defaultCountry: string;
}

const DAY = 86_400_000;

export function createPeople(needs: PeopleNeeds): People {
  const { store, fleet, audit } = needs;

  /** All names of the person that the account knows. */
  async function named(accountId: number, given: string): Promise<PersonNames> {
    const names = await store.people.namesOf(accountId, asked(given));
    const devices = await store.devices.list(accountId);
    if (devices.some(({ phone }) => phone !== null && phone === names.phone))
      throw invalid('person', 'person is the number of a device of this account: delete the device instead');
    return names;
  }

  function asked(given: string): PersonNames {
    const recipient = normalised(given);
    if (recipient.is === 'phone') return { phone: recipient.number, lids: [] };
    const lid = /^(\d+)@lid$/.exec(recipient.jid)?.[1];
    if (lid === undefined)
      throw invalid('person', 'person must be a WhatsApp number, or a hidden id that ends in @lid');
    return { phone: null, lids: [lid] };
  }

  function normalised(given: string) {
    try {
      return normaliseRecipient(given, needs.defaultCountry);
    } catch (error) {
      if (!isFailure(error, 'validation_failed')) throw error;
      throw invalid('person', error.message.replace(/^recipient/, 'person'));
    }
  }

  const forget = (file: PersonFile): Promise<void> =>
    'upload' in file ? needs.media.discard({ path: file.upload }) : needs.shelf.remove(file.received);

  const note = (asker: Asker, kind: 'person.exported' | 'person.erased' | 'retention.changed', subject: string) =>
    audit.note({
      kind,
      accountId: asker.accountId,
      subject,
      address: asker.address,
      ...(asker.who === undefined ? { email: 'command line' } : { who: asker.who }),
    });

  return {
    async look({ accountId }, person) {
      const names = await named(accountId, person);
      const record = await store.people.read(accountId, names);
      const refusals = record.conversations.flatMap(({ opted_out_at }) => opted_out_at ?? []);
      return {
        phone: names.phone,
        hiddenIds: names.lids.map((lid) => `${lid}@lid`),
        sent: record.messages.length,
        received: record.inbox.length,
        files: record.inbox.filter(({ media_key }) => media_key !== null).length,
        events: record.events.length,
        keys: record.sessions,
        optedOutAt: refusals.length === 0 ? null : Math.min(...refusals),
      };
    },

    async export(asker, person) {
      const names = await named(asker.accountId, person);
      const record = await store.people.read(asker.accountId, names);
      await note(asker, 'person.exported', masked(names));
      await store.durable();
      return { ...exported(names, record), files: files(record) };
    },

    async erase(asker, person) {
      const { accountId } = asker;
      const names = await named(accountId, person);
      const erased = await store.people.erase(accountId, names, forget);
      await note(asker, 'person.erased', masked(names));
      await store.durable();
      // Devices whose keys went are taken anew, without them, by whichever node keeps them: it sees by itself that its lease ended. A process
      // that keeps none, as the command line, must not take them.
      if (erased.keys > 0 && fleet.size > 0) await fleet.refresh();
      return erased;
    },

    retention: (accountId) => store.retention.of(accountId),

    async setRetention(asker, days) {
      await store.retention.set(asker.accountId, days);
      await note(asker, 'retention.changed', days === null ? 'for ever' : `${days} days`);
      await store.durable();
    },

    async prune(now) {
      const failures: unknown[] = [];
      // One account whose messages can not be read keeps no other's for longer.
      for (const { id, retention_days } of await store.retention.limited())
        await store.retention
          .prune(id, now - retention_days * DAY, forget)
          .catch((error) => failures.push(new Error(`retention of account ${id}`, { cause: error })));
      if (failures.length > 0) throw new AggregateError(failures, 'Some accounts keep what they should not.');
    },
  };

  function files({ inbox }: PersonRecord): PersonExport['files'] {
    return inbox
      .filter(({ media_key }) => media_key !== null)
      .map((row) => {
        const { path, expiresAt } = needs.inboxMedia.link(row);
        return { message: row.id, path, opens_until: isoMicros(expiresAt) };
      });
  }

  function exported(names: PersonNames, record: PersonRecord): Omit<PersonExport, 'files'> {
    return {
      person: { phone: names.phone, hidden_ids: names.lids.map((lid) => `${lid}@lid`) },
      conversations: record.conversations.map(({ device_id, peer, opened_by, opened_at, opted_out_at }) => ({
        device: device_id,
        chat: peer,
        begun_by: opened_by,
        begun_at: isoMicros(opened_at),
        opted_out_at: opted_out_at === null ? null : isoMicros(opted_out_at),
      })),
      sent: record.messages.map((row) => {
        const view = viewOf(row, null);
        const times = {
          created_at: view.createdAt,
          sent_at: view.sentAt,
          delivered_at: view.deliveredAt,
          read_at: view.readAt,
        };
        return {
          id: view.id,
          device: row.device_id,
          message_id: view.messageId,
          recipient: view.recipient,
          type: view.type,
          message: view.message,
          media_url: view.mediaUrl,
          filename: view.filename,
          ref: view.ref,
          state: view.state,
          ...Object.fromEntries(Object.entries(times).map(([key, at]) => [key, at === null ? null : isoMicros(at)])),
        };
      }),
      received: record.inbox.map((row) => ({ device: row.device_id, ...messageJson(row) })),
      events: record.events.map(({ payload }) => payload),
      deliveries: record.deliveries.map(({ delivered_at, webhook, ...row }) => ({
        // Only where it went: the path and query of an endpoint may hold the customer's secrets.
        to: new URL(webhook).origin,
        ...row,
        delivered_at: delivered_at === null ? null : isoMicros(delivered_at),
      })),
      encryption_keys: record.sessions,
    };
  }
}

const masked = ({ phone, lids }: PersonNames): string => maskPhone(phone ?? lids[0] ?? '');
