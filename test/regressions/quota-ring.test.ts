import { expect, onTestFinished, test } from 'vitest';
import { startTestApp } from '../support/app.ts';

// The warning about a quota was rung for within the transaction that wrote it: on PostgreSQL whoever looked at once found nothing, and the
// warning waited for the next look.
test('who is rung for because a quota comes to its end finds the warning', async () => {
  const app = await startTestApp({ quota: 1 });
  onTestFinished(() => app.stop());
  await app.store.events.follow(app.account.id, app.deviceId, Date.now());
  const found: Promise<string[]>[] = [];
  app.events.on('event.recorded', () => {
    // Within a transaction the store refuses what is not part of it.
    const look = app.store.events.after(app.account.id, app.deviceId, 0, 100);
    found.push(look.then((some) => some.map(({ type }) => type)));
  });
  const contact = app.network.contact('6281300000001');
  const body = { recipient: contact.number, message: 'yang terakhir', show_typing: false };
  expect((await app.call('POST', '/send-message', body)).status).toBe(200);
  expect((await Promise.all(found)).flat()).toContain('quota.warning');
});
