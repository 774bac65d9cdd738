import { createShownOnce } from '../../parts/shownOnce.ts';

/** Signing secrets, by the webhook. */
export const { show: showSecret, hide: hideSecret, useFresh: useFreshSecret } = createShownOnce();
