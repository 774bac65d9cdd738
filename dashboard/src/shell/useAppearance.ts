import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { act, keyOf } from '../api/ask.ts';
import { changeLanguage, currentLanguage, type Language } from '../i18n.ts';
import { forgetDrafts } from '../parts/drafts.ts';
import { forgetKept } from '../parts/kept.ts';
import { useAction } from '../parts/useAction.ts';
import { leave, queries } from '../queries.ts';

/** What the menus of the shell do. */
export function useAppearance() {
  const navigate = useNavigate();
  const { run } = useAction();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  return {
    dark,
    toggleScheme: () => setColorScheme(dark ? 'light' : 'dark'),
    otherLanguage: (currentLanguage() === 'id' ? 'en' : 'id') satisfies Language as Language,
    /** Shown at once, and kept in the profile for other browsers. */
    choose: (language: Language) =>
      void run(async () => {
        await changeLanguage(language);
        const data = await act('PATCH /api/panel/me', { body: { language } });
        queries.setQueryData(keyOf('GET /api/panel/me'), { success: true, data });
      }),
    signOut: () =>
      run(() =>
        leave(async () => {
          await act('POST /api/panel/sign-out');
          forgetKept();
          await navigate({ to: '/sign-in' });
          forgetDrafts();
        }),
      ),
    switchAccount: (account_id: number) =>
      run(async () => {
        const data = await act('POST /api/panel/me/account', { body: { account_id } });
        await navigate({ to: '/' });
        queries.clear();
        queries.setQueryData(keyOf('GET /api/panel/me'), { success: true, data });
        // The live stream belongs to the session that ended.
        location.reload();
      }),
  };
}
