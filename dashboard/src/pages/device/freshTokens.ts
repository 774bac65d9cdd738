import { createShownOnce } from '../../parts/shownOnce.ts';

/** Tokens of devices, by the device. */
export const { show: showToken, hide: hideToken, useFresh: useFreshToken } = createShownOnce();
