import { useQueries } from '@tanstack/react-query';
import { keyOf } from '../../api/ask.ts';
import { call } from '../../api/client.ts';
import type { Chat, PanelDevice } from '../../api/types.ts';

const QUESTION = 'GET /api/panel/devices/{id}/groups';
const FRESH_MS = 10 * 60_000;

/**
 * Messages tell the id of their group only; its name is asked of the device, while it is connected. Gives a function that names the groups
 * among conversations; without an answer they stay as they are.
 */
export function useGroupNames(
  devices: readonly PanelDevice[] | undefined,
  chats: readonly (Chat | undefined)[],
): (chat: Chat) => Chat {
  const asked = (devices ?? []).filter(
    ({ id, live }) =>
      live.status === 'connected' && chats.some((chat) => chat?.is_group === true && chat.device_id === id),
  );
  const names = useQueries({
    queries: asked.map(({ id }) => ({
      queryKey: keyOf(QUESTION, { params: { id: String(id) } }),
      queryFn: ({ signal }: { signal: AbortSignal }) => call(QUESTION, { params: { id: String(id) } }, signal),
      staleTime: FRESH_MS,
      retry: false,
    })),
    combine: (answers) =>
      new Map(
        answers.flatMap(({ data }, n) =>
          (data?.data ?? []).map(({ id, subject }) => [`${asked[n]?.id} ${id}`, subject] as const),
        ),
      ),
  });
  return (chat) => (chat.is_group ? { ...chat, name: names.get(`${chat.device_id} ${chat.peer}`) ?? chat.name } : chat);
}
