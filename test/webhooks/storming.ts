import { setTimeout as pause } from 'node:timers/promises';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { people } from '../crash/sending.ts';
import { inWorld, World } from '../crash/world.ts';
import { rows } from '../support/rows.ts';
import { type Received, type Receiver, startReceiver } from './receiver.ts';

export interface Storm {
  readonly seed: number;
  readonly events: number;
  readonly kills: number;
  /** Shares of the receiver's answers, and redirects. */
  readonly failing?: number;
  readonly hanging?: number;
  readonly redirecting?: number;
}

export interface StormReport {
  readonly seed: number;
  readonly kills: number;
  /** Kills that left messages behind which were on their way. */
  readonly killsWithWork: number;
  readonly sent: number;
  readonly requests: number;
  readonly refused: number;
  readonly hung: number;
  readonly redirected: number;
  /** Receipted to their senders, and not in the inbox. */
  readonly receiptedButAbsent: number;
  readonly storedTwice: number;
  /** In the inbox, and no request with it was answered 2xx. */
  readonly undelivered: number;
  /** Messages that came under more than one `webhook-id`, and ids that came with more than one message. */
  readonly unstableIds: number;
  /** Requests that the published library of Standard Webhooks refused as they came, and second signatures that it would not have made. */
  readonly badSignatures: number;
  /** During the rotation, without both signatures. */
  readonly singleSignatures: number;
  readonly signedTwice: number;
  readonly followedRedirects: number;
  readonly seconds: number;
  readonly findings: readonly string[];
}

/** No event is refused more often than the schedule has tries. */
const MOST_REFUSALS = 7;
const PATIENCE_MS = 300_000;

/** People write, the gateway is killed, and its customer's server is in a bad mood; then the books are compared. */
export async function storm(plan: Storm): Promise<StormReport> {
  const began = performance.now();
  const receiver = await startReceiver();
  const { world, life: first } = await World.linked({
    seed: plan.seed,
    program: '../webhooks/gateway.ts',
    env: {
      EGRESS_PORTS: `80,443,${receiver.port}`,
      EGRESS_ALLOW: '127.0.0.0/8',
      WEBHOOK_TIMEOUT_SECONDS: '1',
      WEBHOOK_CONCURRENCY: '32',
      LOG_LEVEL: 'warn',
    },
  });
  return inWorld(world, async () => {
    const { chats } = await people(world, 12);
    const customer = customerOf(world);
    const mood = moodOf(world, plan);
    const { id, secret } = await customer.add(receiver.url('/storm'));
    const library = new Webhook(secret);
    const refusedSignatures = new Set<Received>();
    receiver.behave('/storm', (response, received) => {
      // As it comes: the library takes no signature that is older than five minutes.
      if (!verifies(library, received)) refusedSignatures.add(received);
      mood.answer(response, received);
    });

    let rotated: { readonly secret: string; readonly at: number } | undefined;
    const ending = new AbortController();
    let written = 0;
    let killsWithWork = 0;
    const write = async () => {
      while (written < plan.events && !ending.signal.aborted) {
        written += 1;
        const text = `storm ${written} of ${plan.seed}`;
        await world.network.call('send', chats[world.draw(0, chats.length)] ?? '', world.phones[0] ?? '', text);
        // So many that the plan lasts through all kills; a burst would be over before the second.
        while (written >= ((world.kills + 1) * plan.events) / (plan.kills + 1) && !ending.signal.aborted) {
          if (world.kills >= plan.kills) break;
          await pause(10);
        }
      }
    };
    const writing = Promise.all([write(), write(), write(), write()]);
    let life = first;
    try {
      for (world.kills = 0; world.kills < plan.kills; ) {
        const early = world.random() < 0.25;
        await pause(world.draw(0, early ? 600 : 300));
        await world.kill(life);
        if ((await world.network.call('unreceipted', world.phones, 0)).length > 0) killsWithWork += 1;
        life = await world.prepare();
        const opened = new Promise<void>((resolve) => life.on('connected', () => resolve()));
        const starting = world.start(life);
        // Some die while they start; the rest around their login, when what waited comes in.
        if (early && world.kills < plan.kills) {
          starting.catch(() => undefined);
          continue;
        }
        await starting;
        if (world.random() < 0.5) await Promise.race([opened, pause(10_000)]);
        if (rotated === undefined && world.kills >= plan.kills / 2)
          rotated = { secret: await customer.rotate(id), at: receiver.received.length };
      }
      await writing;
    } finally {
      ending.abort();
    }
    rotated ??= { secret: await customer.rotate(id), at: receiver.received.length };
    await world.network.call('unreceipted', world.phones, PATIENCE_MS);
    const sent = await world.network.call('sentByContacts', world.phones);
    const findings: string[] = [];
    const open = () => sent.filter(({ whatsappId }) => !mood.taken.has(whatsappId));
    const deadline = performance.now() + PATIENCE_MS + plan.events * 30;
    while (open().length > 0 && performance.now() < deadline) await pause(200);

    const inbox = await readInbox(world.database);
    let receiptedButAbsent = 0;
    let storedTwice = 0;
    for (const { whatsappId, text, receipted } of sent) {
      const found = inbox.get(whatsappId) ?? 0;
      if (found === 0 && receipted) receiptedButAbsent += 1;
      if (found > 1) storedTwice += 1;
      if (found !== 1) findings.push(`${found} rows of the inbox: ${whatsappId} ${text}`);
    }
    findings.push(...open().map(({ whatsappId, text }) => `never delivered: ${whatsappId} ${text}`));
    const came = receiver.at('/storm');
    const { wrongSecond, ...signatures } = judge(came, receiver.received, rotated);
    await receiver.stop();
    return {
      seed: plan.seed,
      kills: world.kills,
      killsWithWork,
      sent: sent.length,
      requests: came.length,
      refused: mood.refused,
      hung: mood.hung,
      redirected: mood.redirected,
      receiptedButAbsent,
      storedTwice,
      undelivered: open().length,
      unstableIds: unstable(came),
      badSignatures: refusedSignatures.size + wrongSecond,
      ...signatures,
      followedRedirects: receiver.at('/elsewhere').length,
      seconds: Math.round((performance.now() - began) / 1000),
      findings,
    };
  });
}

const messageIdOf = ({ json }: Received): string => String(json.data.message_id ?? '');

/** The receiver's mood, drawn from the seed. `taken`: messages that were answered 2xx. */
function moodOf(world: World, { failing = 0.3, hanging = 0.1, redirecting = 0.02 }: Storm) {
  const refusals = new Map<string, number>();
  const mood = {
    taken: new Set<string>(),
    refused: 0,
    hung: 0,
    redirected: 0,
    answer(response: Parameters<Parameters<Receiver['behave']>[1]>[0], received: Received) {
      const past = refusals.get(received.id) ?? 0;
      const draw = past >= MOST_REFUSALS ? 1 : world.random();
      if (draw < failing + hanging + redirecting) refusals.set(received.id, past + 1);
      if (draw < failing) {
        mood.refused += 1;
        response.writeHead(500 + Math.floor(draw * 10)).end('no');
      } else if (draw < failing + hanging) mood.hung += 1;
      else if (draw < failing + hanging + redirecting) {
        mood.redirected += 1;
        response.writeHead(307, { location: '/elsewhere' }).end();
      } else {
        mood.taken.add(messageIdOf(received));
        response.writeHead(200).end();
      }
    },
  };
  return mood;
}

function customerOf(world: World) {
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${world.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${world.token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const answer = (await response.json()) as {
      success: boolean;
      message?: string;
      data: { id: number; secret: string };
    };
    if (!answer.success) throw new Error(`${method} ${path}: ${answer.message}`);
    return answer.data;
  };
  return {
    add: (url: string) => call('POST', '/webhooks', { url, events: ['message.received'] }),
    rotate: async (id: number) => (await call('POST', `/webhooks/${id}/rotate-secret`)).secret,
  };
}

async function readInbox(at: string): Promise<Map<string, number>> {
  const counted = await rows<{ id: string; n: number }>(
    at,
    'select whatsapp_id as id, count(*) as n from inbox group by whatsapp_id',
  );
  return new Map(counted.map(({ id, n }) => [id, n]));
}

function unstable(came: readonly Received[]): number {
  const idsOf = Map.groupBy(came, messageIdOf)
    .values()
    .map((same) => new Set(same.map(({ id }) => id)).size);
  const messagesOf = Map.groupBy(came, ({ id }) => id)
    .values()
    .map((same) => new Set(same.map(messageIdOf)).size);
  return [...idsOf, ...messagesOf].filter((count) => count > 1).length;
}

function verifies(library: Webhook, { body, headers }: Received): boolean {
  try {
    library.verify(body, headers as Record<string, string>);
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

/** The second signature of a rotation, which is known only afterwards. */
function judge(came: readonly Received[], all: readonly Received[], rotated: { secret: string; at: number }) {
  const fresh = new Webhook(rotated.secret);
  const order = new Map(all.map((one, at) => [one, at]));
  let wrongSecond = 0;
  let singleSignatures = 0;
  let signedTwice = 0;
  for (const one of came) {
    const at = new Date(Number(one.headers['webhook-timestamp']) * 1000);
    const given = String(one.headers['webhook-signature']).split(' ');
    if (given.length === 2) {
      signedTwice += 1;
      if (!given.includes(fresh.sign(one.id, at, one.body))) wrongSecond += 1;
    } else if ((order.get(one) ?? 0) > rotated.at + 64) singleSignatures += 1;
  }
  return { wrongSecond, singleSignatures, signedTwice };
}
