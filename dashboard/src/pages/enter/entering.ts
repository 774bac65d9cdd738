import { useRouter } from '@tanstack/react-router';
import type { Me } from '../../api/types.ts';
import { changeLanguage, currentLanguage } from '../../i18n.ts';
import { forgetKept } from '../../parts/kept.ts';
import { queries } from '../../queries.ts';

/** After a sign-in: the page that was asked for, or home. Only paths of this site are followed. */
export function useEnter(): (me: Me, to: string | undefined) => Promise<void> {
  const router = useRouter();
  return async (me, to) => {
    queries.clear();
    forgetKept();
    queries.setQueryData(['GET /api/panel/me'], { success: true, data: me });
    if (me.user.language !== null && me.user.language !== currentLanguage()) await changeLanguage(me.user.language);
    const target = to !== undefined && /^\/(?![/\\])/.test(to) ? to : '/';
    await router.navigate({ href: me.needs.length > 0 ? '/setup' : target });
  };
}
