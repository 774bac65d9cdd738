import { invalid } from '../base/errors.ts';
import type { Command, CommandContext } from './commands.ts';

async function asked({ gateway, args, options }: CommandContext) {
  const [person] = args;
  if (person === undefined)
    throw invalid('person', 'Name the person by a WhatsApp number, or by a hidden id that ends in @lid.');
  const account = await gateway.accounts.choose(options.account);
  return { person, asker: { accountId: account.id, address: null }, people: gateway.panel.people };
}

/** What an account keeps of one person: shown, handed out, erased. */
export const personCommands: Readonly<Record<string, Command>> = {
  'person show': {
    usage: 'person show <number> [--account <address>]',
    does: 'how much is kept of one person',
    run: async (context) => {
      const { person, asker, people } = await asked(context);
      const found = await people.look(asker, person);
      const lines = [
        `Number ${found.phone ?? 'unknown'}, hidden ids: ${found.hiddenIds.join(', ') || 'none'}`,
        `${found.sent} messages sent, ${found.received} received, ${found.files} files, ${found.events} events, ${found.keys} keys`,
        found.optedOutAt === null
          ? 'Has not asked for no more messages.'
          : `No more messages since ${new Date(found.optedOutAt).toISOString()}`,
      ];
      return { text: lines.join('\n'), data: found };
    },
  },
  'person export': {
    usage: 'person export <number> [--account <address>]',
    does: 'everything that is kept of one person, as JSON',
    run: async (context) => {
      const { person, asker, people } = await asked(context);
      const record = await people.export(asker, person);
      return { text: JSON.stringify(record, null, 2), data: record };
    },
  },
  'person erase': {
    usage: 'person erase <number> [--account <address>]',
    does: 'erase one person everywhere in the account, for good',
    run: async (context) => {
      const { person, asker, people } = await asked(context);
      const erased = await people.erase(asker, person);
      // What SQLite has freed still stands in the file until it is written anew.
      await context.gateway.store.compact();
      const { messages, inbox, files, events, keys, struck } = erased;
      return {
        text: `Erased: ${messages} messages sent, ${inbox} received, ${files} files, ${events} events, ${keys} keys; the number was struck out in ${struck} rows of others. What webhooks delivered, and backups, are not touched.`,
        data: erased,
      };
    },
  },
};
