import type { Gateway } from '../app.ts';
import { failure } from '../base/errors.ts';
import type { Command } from './commands.ts';

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** The master key of the database: which there were, and the change from one to the next. */
export const keyCommands: Readonly<Record<string, Command>> = {
  'keys list': {
    usage: 'keys list',
    does: 'show the master keys that this database has had',
    run: async ({ gateway }) => {
      const { resealing } = gateway.store;
      const keys = (await resealing.list()).map(({ version, created_at, retired_at }) => ({
        version,
        since: dayOf(created_at),
        retired: retired_at === null ? null : dayOf(retired_at),
      }));
      const left = await resealing.left();
      const lines = keys.map(({ version, since, retired }, at) => {
        const state = at === 0 ? 'seals now' : retired === null ? 'still read' : `refused since ${retired}`;
        return `${String(version).padStart(4)}  since ${since}  ${state}`;
      });
      return { text: [...lines, `${left} values are sealed with an older key.`].join('\n'), data: { keys, left } };
    },
  },
  'keys rotate': {
    usage: 'keys rotate',
    does: 'seal everything anew with MASTER_KEY (the old key is in MASTER_KEY_PREVIOUS), then refuse the old key',
    run: async ({ gateway, say }) => {
      const { resealing, vault } = gateway.store;
      const sealed = await resealing.reseal(({ table, sealed: count }) => say(`${table}: ${count} values sealed anew`));
      const left = await resealing.left();
      if (left > 0)
        throw failure(
          'internal_error',
          {},
          {
            message: `${left} values were sealed with the old key meanwhile: a gateway still runs with it. Start it with both keys, and repeat keys rotate.`,
          },
        );
      await resealing.retireOlder();
      await gateway.store.durable();
      await noted(gateway, vault.keyVersion);
      return {
        text: `${sealed} values were sealed anew with master key ${vault.keyVersion}; the keys before it are refused from now on. Remove MASTER_KEY_PREVIOUS.`,
        data: { sealed, version: vault.keyVersion },
      };
    },
  },
};

const noted = ({ panel }: Gateway, version: number) =>
  panel.audit.note({
    kind: 'keys.rotated',
    accountId: null,
    email: 'command line',
    subject: `master key ${version}`,
    address: null,
  });
