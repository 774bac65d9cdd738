import { proto, unpadRandomMax16 } from 'baileys';
import { createVault } from '../../src/base/vault.ts';
import { about, openJson } from '../../src/store/seals.ts';
import { rows } from '../support/rows.ts';
import { MASTER_KEY } from './world.ts';

/** The gateway's own books, read through a connection of the test's own; `at` is its file or its URL. */
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

export const readRows = (at: string): Promise<Row[]> =>
  rows<Row>(
    at,
    'select id, whatsapp_id, recipient, ref, state, attempts, error_code, error_message from message order by id',
  );

/** Rows whose outcome is open, by state. */
export async function readOpen(at: string): Promise<{ queued: number; sending: number }> {
  const counts = { queued: 0, sending: 0 };
  const open = await rows<{ state: 'queued' | 'sending'; n: number }>(
    at,
    "select state, count(*) as n from message where state in ('queued', 'sending') group by state",
  );
  for (const { state, n } of open) counts[state] = n;
  return counts;
}

/** What the subscriptions say that was used, and what the rows say. */
export async function readQuota(at: string): Promise<{ used: number; counted: number }> {
  const [quota] = await rows<{ used: number; counted: number }>(
    at,
    'select (select sum(used) from subscription) as used, (select count(*) from message where counted = 1) as counted',
  );
  return quota ?? { used: 0, counted: 0 };
}

export const readDevices = (
  at: string,
): Promise<{ id: number; state: string; state_reason: string | null; enabled: number }[]> =>
  rows(at, 'select id, state, state_reason, enabled from device order by id');

/** The decrypt journal: what the gateway can still tell its customer after any kill. */
export async function readJournal(at: string): Promise<StoredIncoming[]> {
  const vault = createVault(Buffer.from(MASTER_KEY, 'hex'));
  const journal = await rows<{
    account_id: number;
    device_id: number;
    hash: Uint8Array;
    sealed_plaintext: Uint8Array;
    sealed_envelope: Uint8Array;
  }>(
    at,
    `select account_id, device_id, hash, sealed_plaintext, sealed_envelope from decrypt_journal
     join device on device.id = device_id where sealed_envelope is not null`,
  );
  return journal.map((row) => {
    const { whatsappId, from } = openJson<{ whatsappId: string; from: string }>(
      vault,
      row.sealed_envelope,
      about.envelope(row, row.hash),
    );
    const plain = vault.open(row.sealed_plaintext, about.journal(row, row.hash));
    const { conversation, extendedTextMessage } = proto.Message.decode(unpadRandomMax16(plain));
    return { whatsappId, from, text: conversation || extendedTextMessage?.text || null };
  });
}
