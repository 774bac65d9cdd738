import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { createMediaFetcher } from '../../src/gateway/media.ts';
import { createEgress } from '../../src/net/egress.ts';

/** A process of its own, so that its peak memory is that of a download: fetches URL/large into a folder and tells both. */
const [, , url = '', dir = ''] = process.argv;
const egress = createEgress({ allowHttp: true, allow: ['127.0.0.1/32'], ports: [Number(new URL(url).port)] });
const media = createMediaFetcher({
  egress,
  dir,
  maxBytes: 300 * 2 ** 20,
  timeoutMs: 60_000,
  clock: systemClock,
  random: systemRandom,
});
await media.fetch(`${url}/small`, { accountId: 1 });
const before = process.resourceUsage().maxRSS;
const { bytes } = await media.fetch(`${url}/large`, { accountId: 1 });
console.log(JSON.stringify({ bytes, grownMb: (process.resourceUsage().maxRSS - before) / 1024 }));
await egress.stop();
