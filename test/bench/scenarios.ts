import type { Child } from './calls.ts';
import { inLanes, timed } from './lanes.ts';
import type { MeterCommands } from './meter.ts';
import { median } from './statistics.ts';
import { CHATS, numbers, type Pair, type World } from './world.ts';

export type Side = 'plain' | 'gateway';

export interface Scenario {
  readonly name: 'warm' | 'warm50' | 'new' | 'group' | 'group-silent';
  readonly title: string;
  /** Messages at a time. */
  readonly lanes: number;
  /** Messages of one round. */
  readonly messages: number;
  /** Messages before the first round, of each side: sessions, sender keys, compiled code. */
  readonly warmUp: number;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'warm', title: 'warm chat (one chat, one at a time)', lanes: 1, messages: 200, warmUp: 250 },
  { name: 'warm50', title: 'warm chats (50 chats, 16 at a time)', lanes: 16, messages: 300, warmUp: 100 },
  { name: 'new', title: 'new contacts (each message to another)', lanes: 4, messages: 60, warmUp: 20 },
  { name: 'group', title: 'a group of 21, a receipt from each member', lanes: 1, messages: 40, warmUp: 8 },
  { name: 'group-silent', title: 'a group of 21, no receipts', lanes: 1, messages: 40, warmUp: 8 },
];

/** What one side needed for one round. */
export interface Round {
  readonly perSecond: number;
  /** CPU ms of the process for each message. */
  readonly cpu: number;
  /** Ms from the call to WhatsApp's acknowledgement. */
  readonly latencies: readonly number[];
}

export interface Result {
  readonly scenario: Scenario;
  readonly rounds: Readonly<Record<Side, Round[]>>;
  /** Medians over the rounds. `ratio`: of the rounds' own ratios, so that a busy minute of the machine weighs on both sides. */
  readonly cpu: Readonly<Record<Side | 'ratio', number>>;
  readonly perSecond: Readonly<Record<Side | 'ratio', number>>;
}

const TEXT = 'Your order 10482 has left our warehouse and will reach you tomorrow.';
const isNumber = (chat: string) => !chat.includes('@');

/** Numbers that nobody has written to yet. */
let met = 0;
async function strangers({ network }: World, count: number): Promise<string[]> {
  const some = numbers(2, count, met);
  met += count;
  await network.call('people', { numbers: some });
  return some;
}

async function chatsOf(
  { name }: Scenario,
  world: World,
  { groups }: Pair,
  count: number,
  side: Side,
): Promise<string[]> {
  if (name === 'new') return strangers(world, count);
  const pools: Record<typeof name, readonly string[]> = {
    warm: CHATS.slice(0, 1),
    warm50: CHATS,
    group: [groups[side].telling],
    'group-silent': [groups[side].silent],
  };
  const pool = pools[name];
  return Array.from({ length: count }, (_, at) => pool[at % pool.length] ?? '');
}

/** One round of one side. `lanes` are the caller's; WhatsApp's acknowledgement ends each message. */
export async function runRound(
  scenario: Scenario,
  side: Side,
  world: World,
  pair: Pair,
  count: number,
): Promise<Round> {
  const { plain, gateway, customer } = pair;
  const chats = await chatsOf(scenario, world, pair, count, side);
  const { lanes } = scenario;
  const measured: Child<MeterCommands> = side === 'plain' ? plain : gateway;
  await measured.call('begin');
  const batch =
    side === 'plain'
      ? await plain.call('send', {
          lanes,
          text: TEXT,
          chats: chats.map((one) => (isNumber(one) ? `${one}@s.whatsapp.net` : one)),
        })
      : await timed(() => inLanes(chats, lanes, (chat) => customer.send(chat, TEXT)));
  const cpu = await measured.call('end');
  return { perSecond: (count * 1000) / batch.ms, cpu: cpu / count, latencies: batch.latencies };
}

/** Both sides, alternating, in one run: what else the machine does falls on both. */
export async function compare(
  scenario: Scenario,
  rounds: number,
  share: number,
  world: World,
  pair: Pair,
): Promise<Result> {
  const order: readonly Side[] = ['plain', 'gateway'];
  const count = Math.max(10, Math.round(scenario.messages * share));
  for (const side of order) await runRound(scenario, side, world, pair, Math.max(8, scenario.warmUp * share));
  const done: Record<Side, Round[]> = { plain: [], gateway: [] };
  for (let round = 0; round < rounds; round++)
    for (const side of round % 2 === 0 ? order : order.toReversed())
      done[side].push(await runRound(scenario, side, world, pair, count));
  const summary = (of: 'cpu' | 'perSecond') => ({
    plain: median(done.plain.map((round) => round[of])),
    gateway: median(done.gateway.map((round) => round[of])),
    ratio: median(done.gateway.map((round, at) => round[of] / (done.plain[at]?.[of] ?? Number.NaN))),
  });
  return { scenario, rounds: done, cpu: summary('cpu'), perSecond: summary('perSecond') };
}

/** How long `async: true` takes to answer 202, one caller, 50 chats, while the messages go out. CPU ms a message beside it. */
export async function acceptLatency({ gateway, customer }: Pair, count: number): Promise<Round> {
  const chats = Array.from({ length: count }, (_, at) => CHATS[at % CHATS.length] ?? '');
  await gateway.call('begin');
  const { ms, latencies } = await timed(() => inLanes(chats, 1, (chat) => customer.send(chat, TEXT, { async: true })));
  const cpu = await gateway.call('end');
  return { perSecond: (count * 1000) / ms, cpu: cpu / count, latencies };
}
