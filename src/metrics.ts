import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from './base/clock.ts';
import { isFailure } from './base/errors.ts';
import type { EventBus } from './base/events.ts';
import type { DeviceState } from './gateway/supervisor.ts';
import type { Egress } from './net/egress.ts';
import { Unreachable } from './net/reasons.ts';
import type { DeviceRow, LoadFigures, MessageRow, NodeRow } from './store/index.ts';

/**
 * What a Prometheus reads. Labels are words of our own tables only (states, codes, routes as they are mounted): never a number, a name,
 * an address or a token, so that neither a tenant shows in them nor the count of series grows with the customers.
 */
export interface Metrics {
  /** A row has a new state. */
  readonly told: (row: Pick<MessageRow, 'state' | 'error_code'>) => void;
  readonly acknowledged: (ms: number) => void;
  readonly statement: (ms: number, failed: boolean) => void;
  readonly answered: (answer: AnsweredRequest) => void;
  /** The same client, counted. */
  readonly watchEgress: (egress: Egress) => Egress;
  /** What is counted when a page is asked for. */
  serve(parts: ServedParts): void;
  page(): Promise<{ readonly type: string; readonly text: string }>;
}

export interface AnsweredRequest {
  readonly method: string;
  /** As it is mounted: `/api/v1/messages/:id`. */
  readonly route: string | undefined;
  readonly status: number;
  readonly ms: number;
}

interface ServedParts {
  readonly load: () => Promise<LoadFigures>;
  /** All that share the database, the dead of the last day among them. */
  readonly nodes: () => Promise<readonly Pick<NodeRow, 'role' | 'draining' | 'dead_for'>[]>;
  /** The devices of this node. */
  readonly stations: () => readonly { readonly kind: DeviceRow['kind']; readonly state: DeviceState }[];
}

const nothing = () => undefined;

/** Where nobody asks, nothing is counted. */
export const noMetrics: Metrics = {
  told: nothing,
  acknowledged: nothing,
  statement: nothing,
  answered: nothing,
  watchEgress: (egress) => egress,
  serve: nothing,
  page: async () => ({ type: 'text/plain', text: '' }),
};

const SECONDS = {
  fast: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  slow: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30],
};

const roles = ['all', 'api', 'worker'] as const satisfies NodeRow['role'][];
const nodeState = ({ draining, dead_for }: Pick<NodeRow, 'draining' | 'dead_for'>) =>
  dead_for >= 0 ? (draining === 1 ? 'stopped' : 'dead') : draining === 1 ? 'draining' : 'live';

const states = ['connecting', 'pairing', 'connected', 'waiting', 'down', 'idle'] as const satisfies DeviceState['is'][];

export function createMetrics({
  version,
  events,
  clock,
}: {
  readonly version: string;
  readonly events: Pick<EventBus, 'on' | 'listenerCount'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  // Memory, CPU, event-loop lag, garbage collection, handles: `process_…` and `nodejs_…`.
  collectDefaultMetrics({ register: registry });

  new Gauge({ name: 'wagate_info', help: 'The version that runs.', labelNames: ['version'], registers }).set(
    { version },
    1,
  );
  const messages = new Counter({
    name: 'wagate_messages_total',
    help: 'Messages by what became of them on this node; code only of those that failed.',
    labelNames: ['outcome', 'code'],
    registers,
  });
  const acknowledged = new Histogram({
    name: 'wagate_send_ack_seconds',
    help: 'From the written stanza to WhatsApp’s acknowledgement.',
    buckets: SECONDS.slow,
    registers,
  });
  const requests = new Histogram({
    name: 'wagate_http_request_seconds',
    help: 'Answered HTTP requests; sends wait for WhatsApp, live streams last.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS.slow,
    registers,
  });
  const statements = new Histogram({
    name: 'wagate_store_statement_seconds',
    help: 'Statements of the database.',
    labelNames: ['failed'],
    buckets: SECONDS.fast,
    registers,
  });
  const posts = new Histogram({
    name: 'wagate_webhook_post_seconds',
    help: 'Attempts to tell webhooks, by the kind of answer.',
    labelNames: ['outcome'],
    buckets: SECONDS.slow,
    registers,
  });
  const downloads = new Counter({
    name: 'wagate_media_downloads_total',
    help: 'Downloads of media that callers named.',
    labelNames: ['outcome'],
    registers,
  });
  const refusals = new Counter({
    name: 'wagate_egress_refused_total',
    help: 'Addresses that callers named and that were not opened.',
    labelNames: ['by', 'reason'],
    registers,
  });
  events.on('message.accepted', () => messages.inc({ outcome: 'accepted', code: '' }));
  events.on('message.received', () => messages.inc({ outcome: 'received', code: '' }));

  const refused = (by: 'media' | 'webhook', error: unknown): string => {
    const reason = reasonOf(error);
    if (reason === 'address' || reason === 'url') refusals.inc({ by, reason });
    return reason;
  };

  let refresh = async (): Promise<void> => undefined;

  return {
    told({ state, error_code }) {
      // `sent` is counted where it is acknowledged: a receipt can be stored before the acknowledgement, and the row is never told as sent.
      if (state !== 'queued' && state !== 'sending' && state !== 'sent')
        messages.inc({ outcome: state, code: error_code ?? '' });
    },
    acknowledged(ms) {
      acknowledged.observe(ms / 1000);
      messages.inc({ outcome: 'sent', code: '' });
    },
    statement: (ms, failed) => statements.observe({ failed: String(failed) }, ms / 1000),
    answered: ({ method, route, status, ms }) =>
      requests.observe({ method, route: route ?? 'unknown', status }, ms / 1000),
    watchEgress: (egress) => ({
      ...egress,
      check(given, field) {
        try {
          return egress.check(given, field);
        } catch (error) {
          refused(field === 'media_url' ? 'media' : 'webhook', error);
          throw error;
        }
      },
      async fetch(given, options) {
        try {
          const download = await egress.fetch(given, options);
          downloads.inc({ outcome: 'ok' });
          return download;
        } catch (error) {
          downloads.inc({ outcome: options.signal?.aborted ? 'aborted' : refused('media', error) });
          throw error;
        }
      },
      async post(given, options) {
        const began = clock.monotonic();
        const done = (outcome: string) => posts.observe({ outcome }, (clock.monotonic() - began) / 1000);
        try {
          const answer = await egress.post(given, options);
          done(`${Math.floor(answer.status / 100)}xx`);
          return answer;
        } catch (error) {
          done(options.signal?.aborted ? 'aborted' : refused('webhook', error));
          throw error;
        }
      },
    }),
    serve({ load, nodes, stations }) {
      const open = new Gauge({
        name: 'wagate_messages_open',
        help: 'Messages without an outcome in the whole store, by why they wait.',
        labelNames: ['state', 'waiting_for'],
        registers,
      });
      const oldest = new Gauge({
        name: 'wagate_oldest_open_message_seconds',
        help: 'How long the oldest message that is due has waited.',
        registers,
      });
      const deliveries = new Gauge({
        name: 'wagate_deliveries_open',
        help: 'Webhook deliveries to do, those that wait for their next attempt among them.',
        registers,
      });
      const paused = new Gauge({ name: 'wagate_webhooks_paused', help: 'Webhooks that were paused.', registers });
      const enabled = new Gauge({
        name: 'wagate_devices_enabled',
        help: 'Devices that shall be connected, of all nodes.',
        registers,
      });
      const here = new Gauge({
        name: 'wagate_devices',
        help: 'Devices of this node by the state of their connection.',
        labelNames: ['kind', 'state'],
        registers,
      });
      const sharing = new Gauge({
        name: 'wagate_nodes',
        help: 'Nodes that share the database, with those of the last day; dead: gone without a word.',
        labelNames: ['role', 'state'],
        registers,
      });
      const counted = new Gauge({
        name: 'wagate_up_to_date',
        help: '1 when the database answered this page; 0: what is counted in it is missing.',
        registers,
      });
      const listeners = new Gauge({
        name: 'wagate_listeners',
        help: 'Who listens to the gateway’s own events: constant, or something leaks.',
        registers,
      });
      refresh = async () => {
        listeners.set(events.listenerCount());
        for (const kind of ['whatsapp', 'sandbox']) for (const is of states) here.set({ kind, state: is }, 0);
        for (const { kind, state } of stations()) here.inc({ kind, state: state.is });
        for (const gauge of [open, oldest, deliveries, paused, enabled, sharing]) gauge.reset();
        const asked = await Promise.all([load(), nodes()]).catch(nothing);
        counted.set(asked === undefined ? 0 : 1);
        if (asked === undefined) return;
        const [figures, known] = asked;
        for (const role of roles)
          for (const state of ['live', 'draining', 'stopped', 'dead']) sharing.set({ role, state }, 0);
        for (const node of known) sharing.inc({ role: node.role, state: nodeState(node) });
        for (const { state, waiting_for, count } of figures.messages)
          open.set({ state, waiting_for: waiting_for ?? '' }, count);
        const { oldest_due_at } = figures;
        oldest.set(oldest_due_at === null ? 0 : Math.max(0, (clock.now() - oldest_due_at) / 1000));
        deliveries.set(figures.deliveries);
        paused.set(figures.paused_webhooks);
        enabled.set(figures.enabled_devices);
      };
    },
    async page() {
      await refresh();
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** Words of our own for what went wrong with somebody's address; a host's name never gets into a label. */
const reasons: readonly (readonly [sign: RegExp, reason: string])[] = [
  [/not allowed/, 'address'],
  [/^URL /, 'url'],
  [/timed out|ETIMEDOUT/, 'timeout'],
  [/ENOTFOUND|EAI_AGAIN/, 'name'],
  [/^connect /, 'connect'],
  [/TLS/, 'tls'],
  [/redirect/, 'redirect'],
  [/^HTTP \d/, 'status'],
  [/^larger than/, 'size'],
];

function reasonOf(error: unknown): string {
  if (isFailure(error, 'validation_failed')) return 'url';
  const said = isFailure(error) ? String(error.facts.reason ?? '') : error instanceof Unreachable ? error.reason : '';
  return reasons.find(([sign]) => sign.test(said))?.[1] ?? 'other';
}
