import { queries } from '../../queries.ts';

/** After a change of an account, its page and the list ask again. */
export const refreshAccounts = async () => {
  await queries.invalidateQueries({ queryKey: ['GET /api/panel/admin/accounts/{id}'] });
  await queries.invalidateQueries({ queryKey: ['GET /api/panel/admin/accounts'] });
};
