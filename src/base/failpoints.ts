/**
 * Named instants of the order of writes (design: sending.md), at which the crash tests end the process. The product hands in
 * `noFailpoint`; nothing but a test can hand in another.
 */
export type FailpointName =
  /** The message and its quota are durable, nobody is told yet. */
  | 'accepted'
  /** The bytes are built (and media uploaded), the row is still `queued`. */
  | 'prepared'
  /** The bytes are frozen and the row is `sending`, durable; nothing is on the wire. */
  | 'marked'
  /** A ratchet step is durable, its stanza not yet on the wire; or an incoming message is in the journal, not yet receipted. */
  | 'keys_written'
  /** The stanza is written, no acknowledgement yet. */
  | 'relayed'
  /** The acknowledgement has come, the row still says `sending`. */
  | 'acknowledged'
  /** The row says `sent`, durable; nobody is told yet. */
  | 'sent'
  /** Credentials are durable (pairing). */
  | 'creds_written';

export type Failpoint = (name: FailpointName) => void;
export const noFailpoint: Failpoint = () => undefined;
