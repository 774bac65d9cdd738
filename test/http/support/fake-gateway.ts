import { failure } from '../../../src/base/errors.ts';
import type {
  Caller,
  DeviceDescription,
  Idempotency,
  MessageQuery,
  MessageView,
  SendRequest,
} from '../../../src/gateway/contract.ts';

export const TOKEN = 'wag_good';
export const OTHER_TOKEN = 'wag_other';

export const message: MessageView = {
  id: 1,
  messageId: '3EB0CABA1D0D7BFC2500',
  recipient: '628123456789',
  type: 'text',
  message: 'Hello World',
  mediaUrl: null,
  filename: null,
  status: 'sent',
  state: 'sent',
  waitingFor: null,
  waitingReason: null,
  waitingUntil: null,
  ref: null,
  priority: 0,
  attempts: 1,
  scheduledAt: null,
  expiresAt: Date.parse('2025-12-12T20:00:00Z'),
  createdAt: Date.parse('2025-12-11T20:00:00Z'),
  sentAt: Date.parse('2025-12-11T20:00:05Z'),
  deliveredAt: null,
  readAt: null,
  failedAt: null,
  errorCode: null,
  errorMessage: null,
  serverTime: 1702353600,
};

export const description: DeviceDescription = {
  device: {
    id: 1,
    name: 'My WhatsApp',
    kind: 'whatsapp',
    phoneNumber: '6281234567890',
    lid: null,
    status: 'connected',
    statusReason: null,
    connectedAt: Date.parse('2025-12-10T10:00:00Z'),
    lastSeen: Date.parse('2025-12-11T20:00:00Z'),
  },
  health: {
    status: 'ok',
    notices: [],
    ackLatencyMs: { p50: 80, p95: 200 },
    lastAckAt: Date.UTC(2025, 11, 11, 20),
    phoneSeenAt: null,
    stalls: 0,
  },
  user: { name: 'John Doe', email: 'john@example.com' },
  subscription: {
    package: 'Trial',
    messageQuota: 100,
    messageRemaining: 50,
    deviceLimit: 1,
    endDate: '2025-12-31',
    isTrial: true,
  },
  statistics: { totalSent: 45, totalFailed: 5, todaySent: 10 },
};

const callerOf = (tokenId: string): Caller => ({
  accountId: 1,
  deviceId: 1,
  deviceKind: 'whatsapp',
  defaultCountry: '62',
  suspended: false,
  rateLimit: 120,
  tokenId,
  tokenSince: null,
});

/** What comes back has its own tests, over the real gateway (test/inbox, test/webhooks). */
const absent = async (): Promise<never> => {
  throw failure('not_found', { what: 'It' });
};

/** A gateway that notes what it was asked and answers as the test says; only HTTP is real. */
export function createFakeGateway() {
  const sent: { caller: Caller; request: SendRequest; signal: AbortSignal | undefined }[] = [];
  const uploads: string[] = [];
  const queries: MessageQuery[] = [];
  const remembered = new Map<string, { hash: string; status?: number; body?: string }>();

  const fake = {
    sent,
    uploads,
    queries,
    authentications: 0,
    caller: callerOf('token:1'),
    quota: 50 as number | null,
    total: 45,
    /** What becomes of a send: an outcome, a Failure, a wait. */
    sending: async (_request: SendRequest, _signal?: AbortSignal): Promise<'sent' | 'pending'> => 'sent',
    draining: false,
    isDraining: (): boolean => fake.draining,
    /** Migrations that are missing. */
    readiness: async (): Promise<string[]> => [],
    describing: async (): Promise<DeviceDescription> => description,

    messages: {
      async send(caller: Caller, request: SendRequest, signal?: AbortSignal) {
        sent.push({ caller, request, signal });
        if (request.content.is === 'media' && 'upload' in request.content.source) {
          const chunks: Buffer[] = [];
          for await (const chunk of request.content.source.upload.stream) chunks.push(Buffer.from(chunk));
          uploads.push(Buffer.concat(chunks).toString());
        }
        const is = await fake.sending(request, signal);
        const status = is === 'sent' ? ('sent' as const) : ('pending' as const);
        return { is, message: { ...message, status }, quotaRemaining: fake.quota === null ? null : fake.quota - 1 };
      },
      resume: async () => ({ is: 'sent' as const, message, quotaRemaining: fake.quota }),
      async list(_caller: Caller, query: MessageQuery) {
        queries.push(query);
        return { rows: [message], total: fake.total };
      },
      async find(_caller: Caller, id: number) {
        if (id !== message.id) throw failure('not_found', { what: 'The message' });
        return message;
      },
      async cancel(_caller: Caller, id: number) {
        if (id !== message.id) throw failure('not_found', { what: 'The message' });
        throw failure('not_cancellable', { state: 'sent' });
      },
    },
    devices: {
      async authenticate(token: string) {
        fake.authentications += 1;
        if (token === TOKEN) return fake.caller;
        if (token === OTHER_TOKEN) return callerOf('token:2');
        throw failure('invalid_token');
      },
      describe: () => fake.describing(),
      quotaRemaining: async () => fake.quota,
    },
    idempotency: {
      async once(caller, key, requestHash, { answer }) {
        const name = `${caller.tokenId} ${key}`;
        const hash = Buffer.from(requestHash).toString('hex');
        const first = remembered.get(name);
        if (first && first.hash !== hash) throw failure('idempotency_mismatch');
        if (first?.status !== undefined && first.body !== undefined)
          return { status: first.status, body: first.body, replayed: true };
        if (first) throw failure('idempotency_in_progress', {}, { retryAfter: 1 });
        remembered.set(name, { hash });
        try {
          const given = await answer();
          remembered.set(name, { hash, ...given });
          return { ...given, replayed: false };
        } catch (error) {
          remembered.delete(name);
          throw error;
        }
      },
    } satisfies Idempotency,
    media: {
      receive: async () => ({
        take: () => undefined,
        complete: () => undefined,
        handOver: () => 0,
        end: () => undefined,
      }),
    },
    inbox: { list: async () => ({ rows: [], total: 0 }), find: absent, media: absent, read: absent },
    inboxMedia: { open: absent },
    groups: { list: absent, find: absent },
    replies: { react: absent, type: async () => undefined },
    webhooks: {
      list: async () => [],
      find: absent,
      create: absent,
      update: absent,
      remove: absent,
      rotate: absent,
      test: absent,
      deliveries: absent,
      delivery: absent,
      replay: absent,
      replayRange: absent,
    },
    liveEvents: { follow: absent },
    url: () => 'http://127.0.0.1',
    store: { missing: () => fake.readiness() },
  };
  return fake;
}

export type FakeGateway = ReturnType<typeof createFakeGateway>;
