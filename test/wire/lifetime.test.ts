import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startNetwork } from '../../simulator/index.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { type Failpoint, noFailpoint } from '../../src/base/failpoints.ts';
import { PHONE, startTestApp } from '../support/app.ts';

// A password that is good for a minute went out hours later, when the line or the process had died while it was on its way.

/** A gateway that sends a message of two seconds, and the next one, which starts when they are over. */
async function scene() {
  const network = await startNetwork();
  onTestFinished(() => network.stop());
  const dataDir = mkdtempSync(join(tmpdir(), 'wagate-test-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  let ahead = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };
  let failpoint = noFailpoint;
  let app = await startTestApp({ network, dataDir, hands: { clock, failpoint: (name) => failpoint(name) } });
  onTestFinished(() => app.stop());
  const contact = network.contact('6281400000001');
  let id: unknown;
  return {
    network,
    contact,
    cut() {
      network.faults.refuseUpgrade(503);
      network.cut(PHONE);
    },
    async send(at: Failpoint = noFailpoint) {
      failpoint = at;
      const message = { recipient: contact.number, message: 'the code is 1234', show_typing: false };
      const accepted = await app.call('POST', '/send-message', { ...message, expires_in: 2, async: true });
      id = accepted.body.data.id;
    },
    async startLate() {
      await app.app.stop();
      failpoint = noFailpoint;
      ahead += 3_000;
      network.faults.clear();
      app = await startTestApp({ network, dataDir, hands: { clock } });
      return app;
    },
    state: async () => (await app.call('GET', `/messages/${id}`)).body.data.state,
  };
}

test('a message whose process died before its stanza does not go out when its lifetime is over', async () => {
  const { contact, cut, send, startLate, state } = await scene();
  const died = Promise.withResolvers<void>();
  await send((name) => {
    if (name !== 'marked') return;
    cut();
    died.resolve();
    throw new Error('it dies here');
  });
  await died.promise;
  const app = await startLate();
  await expect.poll(state).toBe('expired');
  await app.call('POST', '/send-message', { recipient: contact.number, message: 'after it', show_typing: false });
  expect((await contact.nextMessage()).text).toBe('after it');
  expect(contact.messages).toHaveLength(1);
});

test('a message that had gone out is settled by the receipts that waited, although its lifetime is over', async () => {
  const { network, contact, cut, send, startLate, state } = await scene();
  network.faults.loseAcks({ chat: contact.number });
  network.faults.receipts('after-reconnect', { chat: contact.number });
  await send();
  expect((await contact.nextMessage()).text).toBe('the code is 1234');
  expect(await state()).toBe('sending');
  cut();
  await startLate();
  await expect.poll(state).toBe('delivered');
  expect(contact.messages).toHaveLength(1);
});
