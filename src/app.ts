import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from './base/clock.ts';
import { type Config, siteOf } from './base/config.ts';
import { asError } from './base/errors.ts';
import { createEvents } from './base/events.ts';
import { type Failpoint, noFailpoint } from './base/failpoints.ts';
import { type RandomBytes, systemRandom } from './base/ids.ts';
import { createLog, type Log } from './base/log.ts';
import { masterKeys } from './base/vault.ts';
import { createAccounts } from './gateway/accounts.ts';
import { createAdministration } from './gateway/administration.ts';
import { createAlerts } from './gateway/alerts.ts';
import { createAudit } from './gateway/audit.ts';
import { createChats } from './gateway/chats.ts';
import { createDuty, type Duty } from './gateway/cluster/duty.ts';
import { alone, createPlacing } from './gateway/cluster/placing.ts';
import { createNeighbours } from './gateway/cluster.ts';
import { createDeliveries } from './gateway/deliveries.ts';
import { createDevices } from './gateway/devices.ts';
import { createEntrance } from './gateway/entrance.ts';
import { createFleet } from './gateway/fleet.ts';
import { createGroups } from './gateway/groups.ts';
import { createHappenings } from './gateway/happenings.ts';
import { createHistory } from './gateway/history.ts';
import { createHousekeeping } from './gateway/housekeeping.ts';
import { createIdempotency } from './gateway/idempotency.ts';
import { createInbox } from './gateway/inbox.ts';
import { bucketShelf, folderShelf } from './gateway/inbox-media/shelf.ts';
import { createInboxMedia } from './gateway/inbox-media.ts';
import { createInstallation } from './gateway/installation.ts';
import { createKeeping } from './gateway/keeping.ts';
import { createLifetimes } from './gateway/lifetimes.ts';
import { createLinking } from './gateway/linking.ts';
import { createLiveEvents } from './gateway/live.ts';
import { createMail } from './gateway/mail.ts';
import { discardEndedUploads } from './gateway/media/ended.ts';
import { createMediaFetcher } from './gateway/media.ts';
import { createMembers } from './gateway/members.ts';
import { createMessages } from './gateway/messages.ts';
import { createOffers } from './gateway/offers.ts';
import { createOutcomes } from './gateway/outcomes.ts';
import { createPasswords } from './gateway/passwords.ts';
import { createPeople } from './gateway/people.ts';
import { createProfiles } from './gateway/profiles.ts';
import { createPurchases } from './gateway/purchases.ts';
import { createQuotas } from './gateway/quotas.ts';
import { createSharedRates } from './gateway/rates.ts';
import { createReplies } from './gateway/replies.ts';
import { createSandboxPhones } from './gateway/sandbox.ts';
import { createSecondFactor } from './gateway/second-factor.ts';
import { createSessions } from './gateway/sessions.ts';
import { createUsage } from './gateway/usage.ts';
import { createWebhooks } from './gateway/webhooks.ts';
import { webhooksByToken } from './gateway/webhooks-by-token.ts';
import { createLive } from './http/live.ts';
import { createServer } from './http/server.ts';
import { createMetrics, noMetrics } from './metrics.ts';
import { createEgress } from './net/egress.ts';
import { openBucket } from './net/s3.ts';
import { createSandbox } from './sandbox.ts';
import { type MessageRow, type Migration, occupy, openStore, type Store } from './store/index.ts';
import { createOpenLink, type Route, silenceLibsignal } from './whatsapp/index.ts';

/** What a test hands in; a real start takes the system's. */
export interface Hands {
  readonly clock?: Clock;
  readonly random?: RandomBytes;
  readonly log?: Log;
  /** Ends the process at a named instant, for the crash tests. */
  readonly failpoint?: Failpoint;
  /** Lies between the gateway and its database: a slow or failing one. */
  readonly storeManners?: (store: Store) => Store;
  /** This node's name in the leases. */
  readonly node?: string;
  /** The schema of another version. */
  readonly migrations?: readonly Migration[];
}

export type Gateway = Awaited<ReturnType<typeof openGateway>>;
export type App = Awaited<ReturnType<typeof startApp>>;

/** How long a stop waits for messages that are on the wire. */
const GRACE_MS = 8_000;

/**
 * Every object of the gateway, made by hand and in order. Read it and you know the system. Nothing is connected yet: the command line
 * uses it as it is, `startApp` brings it to life.
 */
export async function openGateway(config: Config, hands: Hands = {}) {
  const { clock = systemClock, random = systemRandom, failpoint = noFailpoint } = hands;
  const node = hands.node ?? config.WAGATE_NODE ?? nodeName(config, random);
  const log = hands.log ?? createLog(config.LOG_LEVEL);
  silenceLibsignal();

  const events = createEvents((error, name) => log.error({ err: asError(error), reason: name }, 'a listener failed'));
  const isMeasured = config.METRICS_TOKEN !== undefined || config.METRICS_PORT !== undefined;
  const metrics = isMeasured ? createMetrics({ version: config.APP_VERSION, events, clock }) : noMetrics;
  const { DATABASE_URL: databaseUrl, DATA_DIR: dataDir } = config;
  const opened = await openStore({
    url: databaseUrl,
    dataDir,
    vault: masterKeys(config, dataDir),
    clock,
    node,
    ...(hands.migrations && { migrations: hands.migrations }),
    ...(isMeasured && { onStatement: metrics.statement }),
  });
  const { vault } = opened;
  const sharedDir = config.SHARED_DIR ?? dataDir;
  const store = hands.storeManners?.(opened) ?? opened;

  const egress = metrics.watchEgress(
    createEgress({
      allowHttp: config.EGRESS_ALLOW_HTTP,
      ports: config.EGRESS_PORTS,
      allow: config.EGRESS_ALLOW,
    }),
  );
  const media = createMediaFetcher({
    egress,
    dir: join(config.DATA_DIR, 'media'),
    uploads: join(sharedDir, 'media', 'uploads'),
    maxBytes: config.MEDIA_MAX_MB * 1024 * 1024,
    timeoutMs: config.MEDIA_TIMEOUT_SECONDS * 1000,
    clock,
    random,
  });

  const sandbox = createSandbox(config, log);
  const whatsapp: Route = {
    url: config.WHATSAPP_URL,
    ...(config.WHATSAPP_CA === undefined ? {} : { mediaAuthority: readFileSync(config.WHATSAPP_CA, 'utf8') }),
    ...(config.WHATSAPP_ROOT_KEY === undefined ? {} : { rootKey: config.WHATSAPP_ROOT_KEY }),
    ...(config.WHATSAPP_VERSION === undefined ? {} : { version: config.WHATSAPP_VERSION }),
  };
  const telling = createOutcomes({ store, events, clock });
  const outcomes = {
    ...telling,
    tell(row: MessageRow) {
      metrics.told(row);
      telling.tell(row);
    },
  };
  discardEndedUploads({ events, store, media, log });
  const memoryMb = () => Math.round(process.memoryUsage().rss / 1_048_576);
  const ended = Promise.withResolvers<string>();
  const { bell } = store;
  const neighbours =
    bell &&
    createNeighbours({
      store,
      bell,
      events,
      outcomes,
      node,
      role: config.WAGATE_ROLE,
      version: config.APP_VERSION,
      memoryMb,
      ended: ended.resolve,
      clock,
      random,
      log,
    });
  const happenings = createHappenings({ store, events, clock, random });
  const fleet = createFleet({
    store,
    openLink: createOpenLink({ clock, random, log }),
    route: (device) => (device.kind === 'sandbox' ? sandbox.route() : whatsapp),
    scanSandbox: sandbox.scan,
    media,
    outcomes,
    happenings,
    events,
    acknowledged: metrics.acknowledged,
    failpoint,
    node,
    neighbours,
    clock,
    random,
    log,
  });
  metrics.serve({
    load: store.load.read,
    // A node alone keeps no list of nodes.
    nodes: neighbours ? store.nodes.list : async () => [{ role: 'all', draining: 0, dead_for: -1 }],
    stations: fleet.stations,
  });

  // What concerns a device is done where it is kept.
  const { at } = neighbours
    ? createPlacing({ store, ...neighbours, holds: (id) => fleet.station(id) !== undefined })
    : alone;

  const messages = createMessages({
    store,
    fleet,
    media,
    outcomes,
    happenings,
    events,
    clock,
    random,
    failpoint,
    waitMs: config.SEND_WAIT_SECONDS * 1000,
    optOut: config.OPT_OUT,
  });
  const devices = createDevices({
    store,
    fleet,
    tokenKey: vault.tokenKey,
    defaultCountry: config.DEFAULT_COUNTRY,
    hasSandbox: config.SANDBOX,
    rateLimit: config.RATE_LIMIT_PER_MINUTE,
    clock,
    random,
  });
  const accounts = createAccounts({ store, tokenKey: vault.tokenKey, timeZone: config.TIME_ZONE, clock, random });
  const idempotency = createIdempotency({ store, clock });

  // What comes back: incoming messages and their files, and whom things are told to.
  const bucket = openConfiguredBucket(config, clock);
  const shelf = bucket === undefined ? folderShelf(join(sharedDir, 'inbox')) : bucketShelf(bucket);
  const heldMedia = createInboxMedia({
    store,
    fleet,
    shelf,
    events,
    dir: join(config.DATA_DIR, 'inbox-parts'),
    maxBytes: config.MEDIA_MAX_MB * 1024 * 1024,
    always: config.MEDIA_DOWNLOAD === 'always',
    linkKey: vault.linkKey,
    linkMs: config.MEDIA_LINK_MINUTES * 60_000,
    clock,
    random,
    log,
  });
  const inboxMedia = at('inboxMedia', heldMedia, { ensure: (row) => row.device_id });
  const inbox = at('inbox', createInbox({ store, fleet, media: inboxMedia, events, clock }), {
    read: ({ deviceId }) => deviceId,
  });
  const replies = at('replies', createReplies({ store, fleet }), {
    react: ({ deviceId }) => deviceId,
    type: ({ deviceId }) => deviceId,
  });
  const groups = at('groups', createGroups({ fleet, clock }), {
    list: ({ deviceId }) => deviceId,
    find: ({ deviceId }) => deviceId,
  });
  const webhookTimeoutMs = config.WEBHOOK_TIMEOUT_SECONDS * 1000;
  const webhooks = createWebhooks({ store, happenings, egress, events, timeoutMs: webhookTimeoutMs, clock, random });
  const liveEvents = createLiveEvents({ store, events, clock });

  // What the dashboard asks. Addresses of links need the port, which a start on port 0 knows only when it listens.
  const place = { url: siteOf(config) };
  const url = () => place.url;
  const { tokenKey } = vault;
  const audit = createAudit({ store });
  const from = config.MAIL_FROM ?? `WAGate <wagate@${new URL(place.url).hostname}>`;
  const mail = createMail({ smtpUrl: config.SMTP_URL, from, log });
  const installation = createInstallation({
    store,
    audit,
    mail,
    signUp: config.SIGN_UP,
    version: config.APP_VERSION,
    sandbox: config.SANDBOX,
    url,
  });
  const deliveries = createDeliveries({
    store,
    happenings,
    egress,
    alerts: createAlerts({ store, installation, mail, log }),
    events,
    node,
    concurrency: config.WEBHOOK_CONCURRENCY,
    timeoutMs: webhookTimeoutMs,
    clock,
    random,
    log,
  });
  const passwords = createPasswords();
  const secondFactor = createSecondFactor({ store, tokenKey, clock, random });
  const sessions = createSessions({ store, tokenKey, clock, random });
  const quotas = createQuotas({ store, clock });
  const people = { store, passwords, secondFactor, installation, mail, audit, events, tokenKey, clock, random };
  const keeping = createKeeping({ store, devices, fleet, audit, events, clock });
  const history = createHistory({ store, fleet, clock, rateLimit: config.RATE_LIMIT_PER_MINUTE });
  const panel = {
    entrance: createEntrance({ ...people, accounts, sessions, log }),
    profiles: createProfiles({ ...people, quotas }),
    members: createMembers(people),
    people: createPeople({
      store,
      fleet,
      media,
      shelf,
      inboxMedia,
      audit,
      defaultCountry: config.DEFAULT_COUNTRY,
    }),
    keeping,
    linking: at(
      'linking',
      createLinking({ store, devices, fleet, audit, events, clock, log }),
      {
        begin: (_who, id) => id,
        stop: (_who, id) => id,
        requestCode: (_who, id) => id,
        connect: (_who, id) => id,
        disconnect: (_who, id) => id,
        unlink: (_who, id) => id,
        remove: (_who, id) => id,
      },
      'anyone',
    ),
    sandbox: at('sandbox', createSandboxPhones({ store, network: sandbox.phones, clock }), {
      look: (_account, id) => id,
      read: (_account, id) => id,
      answer: (_account, id) => id,
      markRead: (_account, id) => id,
    }),
    history,
    messages,
    chats: createChats({ store, fleet, inbox, clock }),
    inbox,
    replies,
    groups,
    webhooks,
    usage: createUsage({ store, quotas, clock }),
    offers: createOffers({ store, installation, audit, clock }),
    purchases: createPurchases({ store, audit, events, clock }),
    administration: createAdministration({
      store,
      accounts,
      fleet,
      quotas,
      installation,
      mail,
      audit,
      events,
      clock,
      startedAt: clock.now(),
      memoryMb,
    }),
    installation,
    audit,
    live: createLive({ events, sessions, keeping, history, quotas, clock }),
  };

  const lifetimes = createLifetimes({ store, happenings, outcomes, clock, log });

  return {
    config,
    log,
    clock,
    store,
    events,
    media,
    sandbox,
    node,
    neighbours,
    /** Resolves, with a sentence, when this node may not go on. */
    ended: ended.promise,
    fleet,
    messages,
    devices,
    accounts,
    idempotency,
    inbox,
    inboxMedia,
    replies,
    groups,
    webhooks,
    liveEvents,
    deliveries,
    lifetimes,
    url,
    passwords,
    metrics,
    panel,
    /** Where the server listens, when that is known. */
    listensAt(address: string) {
      place.url = config.PUBLIC_URL ?? address;
    },
    async close() {
      await egress.stop();
      await bucket?.stop();
      await store.close();
    },
  };
}

/** Starts left to right; `stop` goes right to left, and loses nothing: what had no outcome yet is pending after the next start. */
export async function startApp(config: Config, hands: Hands = {}) {
  const leave = config.DATABASE_URL === undefined ? occupy(config.DATA_DIR, ALONE) : undefined;
  const gateway = await openGateway(config, hands).catch((error: unknown) => {
    leave?.();
    throw error;
  });
  const { log, store, media, sandbox, fleet, messages, devices, idempotency, panel, clock } = gateway;
  const { inbox, inboxMedia, replies, groups, webhooks, liveEvents, deliveries, lifetimes, neighbours } = gateway;
  const answers = config.WAGATE_ROLE !== 'worker';
  const keeps = config.WAGATE_ROLE !== 'api';
  let draining = false;

  /** Of several nodes one does it at a time. */
  const onOneNode = (name: string, failed: string, work: Duty): Duty =>
    neighbours === undefined
      ? work
      : createDuty({
          store,
          name,
          node: gateway.node,
          clock,
          work,
          failed: (error) => log.error({ err: asError(error) }, failed),
        });

  await media.sweep();
  await inboxMedia.start();
  await neighbours?.start();
  const sandboxDuty = onOneNode('sandbox', 'the sandbox could not be kept', {
    start: sandbox.start,
    async stop() {
      await fleet.dropKind('sandbox');
      await sandbox.stop();
    },
  });
  if (neighbours === undefined || (keeps && config.SANDBOX)) await sandboxDuty.start();
  const server = await createServer({
    config,
    log,
    clock,
    random: hands.random ?? systemRandom,
    messages,
    devices,
    idempotency,
    media,
    inbox,
    inboxMedia,
    replies,
    groups,
    webhooks: webhooksByToken(webhooks, panel.audit),
    liveEvents,
    url: gateway.url,
    ...(answers && { panel }),
    api: answers,
    isDraining: () => draining,
    rates: neighbours && createSharedRates({ store, clock, windowMs: 60_000 }),
    metrics: gateway.metrics,
    store,
  });
  const url = await server.listen();
  gateway.listensAt(url);
  await fleet.start();
  const housekeeping = createHousekeeping({ store, people: panel.people, clock, log });
  const upkeep = onOneNode('housekeeping', 'which node removes what has ended could not be settled', {
    async start() {
      housekeeping.start();
      lifetimes.start();
    },
    async stop() {
      await Promise.all([housekeeping.stop(), lifetimes.stop()]);
    },
  });
  await upkeep.start();
  if (keeps) deliveries.start();

  return {
    ...gateway,
    url,
    routes: server.routes,
    async stop() {
      // Answers that wait are given while the fleet drains; new requests are refused from here on.
      draining = true;
      const closed = neighbours === undefined ? server.stop() : undefined;
      const turnedAway = neighbours && clock.sleep(config.DRAIN_SECONDS * 1_000);
      await fleet.stop(GRACE_MS);
      // Other nodes keep the devices by now, and a proxy sends its requests to them.
      await turnedAway;
      await (closed ?? server.stop());
      await deliveries.stop();
      await inboxMedia.stop();
      await upkeep.stop();
      await sandboxDuty.stop();
      await neighbours?.stop();
      await gateway.close();
      leave?.();
    },
  };
}

const ALONE =
  'Two would spoil the keys of its devices. Stop the other one first, or give this one a DATA_DIR of its own.';

/** Another at each start, so that a node never takes a lease for its own that a namesake holds. */
const nodeName = ({ DATABASE_URL }: Config, random: RandomBytes): string =>
  DATABASE_URL === undefined ? 'local' : `${hostname()}-${random(3).toString('hex')}`;

/** Where files of the inbox are kept, when it is not this machine's disk. */
function openConfiguredBucket(config: Config, clock: Clock) {
  const { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_REGION: region, S3_KEY: key, S3_SECRET: secret } = config;
  if (endpoint === undefined || bucket === undefined || key === undefined || secret === undefined) return undefined;
  return openBucket({ endpoint, bucket, region, key, secret, now: clock.now });
}
