import { keyOf } from '../../api/ask.ts';
import type { Me } from '../../api/types.ts';
import { queries } from '../../queries.ts';

/** What a change of one's own profile gave, so that every page shows it at once. */
export const keepMe = (data: Me): void => {
  queries.setQueryData(keyOf('GET /api/panel/me'), { success: true, data });
};
