import { DatabaseSync } from 'node:sqlite';
import { proto, unpadRandomMax16 } from 'baileys';
import { createVault } from '../../src/base/vault.ts';
import { about, openJson } from '../../src/store/seals.ts';
import { MASTER_KEY } from './world.ts';

/** The gateway's own books, read from its file through a connection of the test's own. */
export interface Row {
  readonly id: number;
  readonly whatsapp_id: string;
  readonly recipient: string;
  readonly ref: string | null;
  readonly state: string;
  readonly attempts: number;
  readonly error_code: string | null;
  readonly error_message: string | null;
}

export interface StoredIncoming {
  readonly whatsappId: string;
  readonly from: string;
  readonly text: string | null;
}

function reading<T>(file: string, read: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    return read(database);
  } finally {
    database.close();
  }
}

export const readRows = (file: string): Row[] =>
  reading(
    file,
    (database) =>
      database
        .prepare(
          'select id, whatsapp_id, recipient, ref, state, attempts, error_code, error_message from message order by id',
        )
        .all() as unknown as Row[],
  );

/** Rows whose outcome is open, by state. */
export const readOpen = (file: string): { queued: number; sending: number } =>
  reading(file, (database) => {
    const counts = { queued: 0, sending: 0 };
    const rows = database
      .prepare("select state, count(*) as n from message where state in ('queued', 'sending') group by state")
      .all();
    for (const { state, n } of rows as unknown as { state: 'queued' | 'sending'; n: number }[]) counts[state] = n;
    return counts;
  });

/** What the subscriptions say that was used, and what the rows say. */
export const readQuota = (file: string): { used: number; counted: number } =>
  reading(
    file,
    (database) =>
      database
        .prepare(
          'select (select sum(used) from subscription) as used, (select count(*) from message where counted = 1) as counted',
        )
        .get() as unknown as { used: number; counted: number },
  );

export const readDevices = (
  file: string,
): { id: number; state: string; state_reason: string | null; enabled: number }[] =>
  reading(
    file,
    (database) =>
      database.prepare('select id, state, state_reason, enabled from device order by id').all() as unknown as {
        id: number;
        state: string;
        state_reason: string | null;
        enabled: number;
      }[],
  );

/** The decrypt journal: what the gateway can still tell its customer after any kill. */
export const readJournal = (file: string): StoredIncoming[] =>
  reading(file, (database) => {
    const vault = createVault(Buffer.from(MASTER_KEY, 'hex'));
    const rows = database
      .prepare(
        `select account_id, device_id, hash, sealed_plaintext, sealed_envelope from decrypt_journal
         join device on device.id = device_id where sealed_envelope is not null`,
      )
      .all() as unknown as {
      account_id: number;
      device_id: number;
      hash: Uint8Array;
      sealed_plaintext: Uint8Array;
      sealed_envelope: Uint8Array;
    }[];
    return rows.map((row) => {
      const { whatsappId, from } = openJson<{ whatsappId: string; from: string }>(
        vault,
        row.sealed_envelope,
        about.envelope(row, row.hash),
      );
      const plain = vault.open(row.sealed_plaintext, about.journal(row, row.hash));
      const { conversation, extendedTextMessage } = proto.Message.decode(unpadRandomMax16(plain));
      return { whatsappId, from, text: conversation || extendedTextMessage?.text || null };
    });
  });
