import { expect, it } from 'vitest';
import { startTestApp } from '../support/app.ts';

it('restarts a connection on which nothing is acknowledged, without a new QR, and sends the message once', async () => {
  const app = await startTestApp();
  try {
    const contact = app.network.contact('6281500000001');
    const send = (message: string) =>
      app.call('POST', '/send-message', { recipient: contact.number, message, show_typing: false, async: true });
    await send('before');
    await contact.nextMessage();

    const states: string[] = [];
    const settled = new Set<number>();
    app.events.on('message.changed', ({ messageId, state }) => {
      if (state !== 'queued' && state !== 'sending') settled.add(messageId);
    });
    app.events.on('device.changed', (event) => states.push(event.state));
    // Neither acks nor receipts: a receipt would count as the acknowledgement.
    contact.autoReceipts = 'none';
    app.network.faults.loseAcks();
    const accepted = await send('into the silence');
    await app.until(() => states.includes('connecting'), 'the connection to be restarted', 40_000);
    app.network.faults.clear();
    await app.until(() => settled.has(Number(accepted.body.data.id)), 'the message to be acknowledged', 40_000);

    expect((await contact.nextMessage()).text).toBe('into the silence');
    const row = await app.call('GET', `/messages/${accepted.body.data.id}`);
    expect(row.body.data).toMatchObject({ status: 'sent' });
    expect(contact.messages.filter((message) => message.text === 'into the silence').length).toBe(1);
    expect(states).not.toContain('pairing');
    const device = await app.call('GET', '/device');
    const { health } = device.body.data as { health: { stalls: number; notices: readonly { code: string }[] } };
    // A machine that stands still may see a second one before the fault is over.
    expect(health.stalls).toBeGreaterThanOrEqual(1);
    expect(health.notices.map(({ code }) => code)).toContain('stalled');
    expect(app.network.counters.total).toMatchObject({ reusedIds: 0, undecryptable: 0 });
  } finally {
    await app.stop();
  }
});
