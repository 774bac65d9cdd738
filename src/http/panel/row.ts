import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { FailureCode } from '../../base/errors.ts';
import type { Signed } from '../../gateway/entrance.ts';
import type { Role } from '../../gateway/members.ts';
import type { Operation, ReceivedFile } from '../row.ts';
import type { PanelGateway } from './gateway.ts';

/** Who may enter a route of the dashboard, by the session of the browser. */
export interface SessionEntrance {
  readonly session: true;
  readonly roles: readonly Role[];
  /** Only people of the account that administers this server. */
  readonly admin?: true;
  /** Also while the account is suspended: to see so, and to sign out. */
  readonly evenSuspended?: true;
}

export type Enter = 'anyone' | SessionEntrance;

const everyRole = ['owner', 'admin', 'operator', 'viewer'] as const;

/** The words of the rows. */
export const anyone = 'anyone';
export const member: Enter = { session: true, roles: everyRole, evenSuspended: true };
export const reader: Enter = { session: true, roles: everyRole };
export const sender: Enter = { session: true, roles: ['owner', 'admin', 'operator'] };
export const keeper: Enter = { session: true, roles: ['owner', 'admin'] };
export const administrator: Enter = { session: true, roles: ['owner', 'admin'], admin: true };

/** What came in, checked. */
export interface PanelAsk<Body, Query, Params, Who> {
  readonly who: Who;
  readonly body: Body;
  readonly query: Query;
  readonly params: Params;
  readonly upload: ReceivedFile | undefined;
  /** Where it came from, for limits and the audit log. */
  readonly address: string;
  readonly userAgent: string | null;
  /** The cookie's token; null when there was none. */
  readonly sessionToken: string | null;
  /** Aborted when the browser has gone or the server is stopping. */
  readonly signal: AbortSignal;
}

export interface PanelAnswer {
  readonly status?: number;
  /** `data` of the envelope, as the gateway has it: `shown` writes keys and times as JSON has them, the row's schema is the allow-list. */
  readonly data?: unknown;
  readonly pagination?: { readonly page: number; readonly limit: number; readonly total: number };
  /** In the place of `data`. */
  readonly stream?: { readonly content: Readable; readonly type: string; readonly filename?: string };
  /** The session that begins (or goes on under another token), or null: it is over. */
  readonly session?: { readonly sessionToken: string; readonly expiresAt: number } | null;
}

interface Parts<B extends z.ZodType, Q extends z.ZodType, P extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As OpenAPI writes it: `/devices/{id}`. */
  readonly path: string;
  readonly operation: Operation;
  readonly body?: B;
  readonly query?: Q;
  readonly params?: P;
  /** Takes a multipart form, too, with one file. */
  readonly upload?: { readonly field: string; readonly insteadOf: string };
  /** Schema of `data`; absent: the answer has none. */
  readonly data?: z.ZodType;
  readonly isList?: true;
  /** What comes in the place of JSON. */
  readonly produces?: 'text/csv' | 'text/event-stream';
  readonly status?: 201 | 202;
  /** Ways to fail beside those that the row's shape brings with it. */
  readonly failures?: readonly FailureCode[];
}

type Handler<B extends z.ZodType, Q extends z.ZodType, P extends z.ZodType, Who> = {
  handle(ask: PanelAsk<z.output<B>, z.output<Q>, z.output<P>, Who>, gateway: PanelGateway): Promise<PanelAnswer>;
};

/** One route of the dashboard. */
export interface PanelRow extends Parts<z.ZodType, z.ZodType, z.ZodType> {
  readonly enter: Enter;
  // A method, so that a handler of narrower parts is still a row: the schemas and the entrance have checked what it gets.
  handle(ask: PanelAsk<unknown, unknown, unknown, Signed | null>, gateway: PanelGateway): Promise<PanelAnswer>;
}

/** A row that a signed-in browser enters. */
export const forSession = <B extends z.ZodType, Q extends z.ZodType, P extends z.ZodType>(
  enter: Enter,
  row: Parts<B, Q, P> & Handler<B, Q, P, Signed>,
): PanelRow => ({ ...row, enter }) as PanelRow;

/** A row that anyone enters; `who` when a session is there all the same. */
export const forVisitor = <B extends z.ZodType, Q extends z.ZodType, P extends z.ZodType>(
  row: Parts<B, Q, P> & Handler<B, Q, P, Signed | null>,
): PanelRow => ({ ...row, enter: anyone });
