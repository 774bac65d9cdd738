import { z } from 'zod';
import { success } from '../envelope.ts';
import { paginationData } from '../v1/views.ts';
import type { PanelAnswer, PanelRow } from './row.ts';
import { shown } from './shown.ts';

/** The schema of a row's whole answer. */
export function envelopeOf({ data, isList }: Pick<PanelRow, 'data' | 'isList'>): z.ZodType {
  if (data === undefined) return z.object({ success: z.literal(true) });
  return isList ? success(data).extend({ pagination: paginationData }) : success(data);
}

/** The answer as JSON has it. */
export const bodyOf = ({ data, pagination }: PanelAnswer) => ({
  success: true,
  ...(data !== undefined && { data: shown(data) }),
  ...(pagination && {
    pagination: {
      current_page: pagination.page,
      total_pages: Math.max(1, Math.ceil(pagination.total / pagination.limit)),
      per_page: pagination.limit,
      total: pagination.total,
    },
  }),
});
