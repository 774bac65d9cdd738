import type { Row } from './books.ts';
import type { Posted } from './load.ts';
import type { Seen } from './network.ts';

export interface SendingFigures {
  readonly accepted: number;
  /** Requests whose answer never came. */
  readonly unanswered: number;
  /** Accepted, and some recipient never decrypted it. */
  readonly lost: number;
  /** The same text under more than one WhatsApp id: the reader sees it twice. */
  readonly doubled: number;
  /** Copies that a recipient could not open. */
  readonly unreadable: number;
  /** Accepted messages that were seen under another id than the answer told. */
  readonly otherIds: number;
  /** Copies with the same id, which readers drop. */
  readonly copies: number;
  /** A later message of a chat was seen before an earlier one. */
  readonly inversions: number;
  /** Rows that disagree with what was seen. */
  readonly wrongRows: number;
}

export const NOTHING_WRONG = { lost: 0, doubled: 0, unreadable: 0, otherIds: 0, inversions: 0, wrongRows: 0 } as const;

export interface Evidence {
  readonly posted: readonly Posted[];
  readonly seen: readonly Seen[];
  readonly rows: readonly Row[];
  readonly unreadable: number;
  /** Who reads what is sent to a recipient. */
  readonly readersOf: (recipient: string) => readonly string[];
}

const STATES_OF_THE_SEEN = new Set(['sent', 'delivered', 'read']);

export function auditSending({
  posted,
  seen,
  rows,
  unreadable,
  readersOf,
}: Evidence): SendingFigures & { findings: string[] } {
  const findings: string[] = [];
  const find = (line: string) => findings.push(line);
  const accepted = posted.filter(({ outcome }) => outcome === 'accepted');
  const byReader = Map.groupBy(seen, ({ reader, text }) => `${reader}|${text}`);
  const rowsByRef = Map.groupBy(rows, ({ ref }) => ref ?? '');

  let lost = 0;
  let otherIds = 0;
  for (const { ref, to, messageId } of accepted) {
    const copies = readersOf(to).map((reader) => byReader.get(`${reader}|${ref}`) ?? []);
    if (copies.some((one) => one.length === 0)) {
      lost += 1;
      find(`lost: ${ref} (${JSON.stringify(rowsByRef.get(ref))})`);
    }
    if (copies.flat().some(({ whatsappId }) => whatsappId !== messageId)) {
      otherIds += 1;
      find(`another id than ${messageId}: ${ref}`);
    }
  }

  let doubled = 0;
  for (const [key, copies] of byReader)
    if (new Set(copies.map(({ whatsappId }) => whatsappId)).size > 1) {
      doubled += 1;
      find(`doubled: ${key} as ${copies.map(({ whatsappId }) => whatsappId).join(', ')}`);
    }

  const place = new Map(rows.map(({ id, whatsapp_id }) => [whatsapp_id, id]));
  let inversions = 0;
  for (const [key, messages] of Map.groupBy(seen, ({ reader, chat }) => `${reader}|${chat}`)) {
    let latest = 0;
    for (const { whatsappId, text } of messages) {
      const id = place.get(whatsappId);
      if (id === undefined) continue;
      if (id < latest) {
        inversions += 1;
        find(`out of order: ${key} ${text}`);
      }
      latest = Math.max(latest, id);
    }
  }

  let wrongRows = 0;
  for (const [ref, same] of rowsByRef)
    if (same.length > 1) {
      wrongRows += 1;
      find(`${same.length} rows for ${ref}`);
    }
  const known = new Set(rows.map(({ whatsapp_id }) => whatsapp_id));
  for (const { whatsappId, text } of seen)
    if (!known.has(whatsappId)) {
      wrongRows += 1;
      find(`seen without a row: ${whatsappId} ${text}`);
    }
  for (const row of rows)
    if (!STATES_OF_THE_SEEN.has(row.state)) {
      wrongRows += 1;
      find(`row in state ${row.state}: ${JSON.stringify(row)}`);
    }

  return {
    accepted: accepted.length,
    unanswered: posted.filter(({ outcome }) => outcome === 'unknown').length,
    lost,
    doubled,
    unreadable,
    otherIds,
    copies: seen.reduce((sum, { again }) => sum + again, 0),
    inversions,
    wrongRows,
    findings,
  };
}
