import { createKept } from '../../parts/kept.ts';

/** Tokens of devices, shown once, by the device. */
export const { keep: showToken, drop: hideToken, useKept: useFreshToken } = createKept<string>();
