import { createKept } from '../../parts/kept.ts';

/** Signing secrets, shown once, by the webhook. */
export const { keep: showSecret, drop: hideSecret, useKept: useFreshSecret } = createKept<string>();
