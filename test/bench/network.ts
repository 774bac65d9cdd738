import { startNetwork } from '../../simulator/index.ts';
import { answerCalls } from './calls.ts';
import { createMeter } from './meter.ts';

/** The simulated WhatsApp, in a process of its own: what it costs is on nobody's bill. */
const network = await startNetwork({ transcriptLimit: 10 });

const commands = {
  ...createMeter(),
  describe: () => ({
    url: network.url,
    authority: network.mediaAuthority,
    rootKey: Buffer.from(network.rootKey).toString('hex'),
  }),
  /** Makes people who have WhatsApp. */
  people({ numbers }: { numbers: readonly string[] }) {
    for (const number of numbers) network.contact(number);
  },
  /** A group of these numbers; gives its id. */
  group: ({ members }: { members: readonly string[] }): string => network.group('Benchmark', members).jid,
  /** These people take what they get and never say so. */
  silence({ numbers }: { numbers: readonly string[] }) {
    for (const number of numbers) network.contact(number).autoReceipts = 'none';
  },
  /** Somebody writes to a phone; gives the message's id. */
  async write({ from, to, text }: { from: string; to: string; text: string }): Promise<string> {
    return (await network.contact(from).send(to, text)).whatsappId;
  },
  async scan({ phone, qr }: { phone: string; qr: string }) {
    await network.phone(phone).scan(qr);
  },
  /** What must be zero, and what went wrong inside. */
  books: () => ({ counts: { ...network.counters.total }, errors: network.errors.slice(0, 3).map(String) }),
  stop: () => network.stop(),
};

export type NetworkCommands = typeof commands;
answerCalls(commands);
