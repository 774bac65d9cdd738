import type { Connection } from './connection.ts';
import { type Stanza, stanza } from './stanza.ts';

export const streamError = (code: number): Stanza => stanza('stream:error', { code });

export function conflict(type: 'replaced' | 'device_removed'): Stanza {
  const attributes = type === 'device_removed' ? { code: 401 } : {};
  return stanza('stream:error', attributes, [stanza('conflict', { type })]);
}

/** The codes that come as `<failure>`; the others are stream errors, or have a shape of their own below. */
const FAILURES = new Set([402, 403, 405, 406, 408, 409]);

/** Ends a connection the way the server does for a code. */
export function goodbye(connection: Connection, code: number): void {
  if (code === 401) connection.end(conflict('device_removed'));
  else if (code === 440) connection.end(conflict('replaced'));
  else if (code === 428) connection.close(1000);
  else if (code === 411) connection.end(stanza('ib', {}, [stanza('downgrade_webclient')]));
  else if (FAILURES.has(code)) connection.end(failure(code));
  else connection.end(streamError(code));
}

export function failure(code: number): Stanza {
  const ban = code === 402 ? { code: 101, expire: 3600 } : {};
  return stanza('failure', { reason: code, location: 'sim', ...ban });
}
