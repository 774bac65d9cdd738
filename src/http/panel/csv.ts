import type { HistoryView } from '../../gateway/history.ts';

type Cell = string | number | null;

/** Columns in order: heading and cell. */
const columns: Readonly<Record<string, (row: HistoryView, at: (ms: number | null) => string) => Cell>> = {
  id: (m) => m.id,
  device: (m) => m.deviceName,
  recipient: (m) => m.recipient,
  type: (m) => m.type,
  message: (m) => m.message,
  media_url: (m) => m.mediaUrl,
  filename: (m) => m.filename,
  status: (m) => m.status,
  state: (m) => m.state,
  ref: (m) => m.ref,
  created_at: (m, at) => at(m.createdAt),
  sent_at: (m, at) => at(m.sentAt),
  delivered_at: (m, at) => at(m.deliveredAt),
  read_at: (m, at) => at(m.readAt),
  failed_at: (m, at) => at(m.failedAt),
  error_code: (m) => m.errorCode,
  error_message: (m) => m.errorMessage,
  message_id: (m) => m.messageId,
};

/** Rows as CSV (RFC 4180), in pieces of one batch each. Begins with a byte order mark, by which spreadsheets know UTF-8. */
export async function* csvOf(
  batches: AsyncIterable<readonly HistoryView[]>,
  timeZone: string,
  separator: ',' | ';',
): AsyncGenerator<string> {
  const at = timeIn(timeZone);
  const line = (cells: readonly Cell[]) => `${cells.map((cell) => csvCell(cell, separator)).join(separator)}\r\n`;
  yield `\uFEFF${line(Object.keys(columns))}`;
  for await (const rows of batches)
    yield rows.map((row) => line(Object.values(columns).map((column) => column(row, at)))).join('');
}

/**
 * One cell. Text that begins as a formula does (= + - @, or a tab or return before it, which spreadsheets skip; their wide forms too)
 * gets an apostrophe: what strangers and API callers wrote must not run when the file is opened (OWASP, CSV injection).
 */
export function csvCell(cell: Cell, separator = ','): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = /^[\s\p{Cc}]*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(cell) ? `'${cell}` : cell;
  return safe.includes(separator) || /[",;\t\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** `2025-12-10 17:00:00` in the zone. */
function timeIn(timeZone: string): (ms: number | null) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  return (ms) => (ms === null ? '' : format.format(ms));
}
