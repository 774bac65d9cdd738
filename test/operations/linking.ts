import { startApp } from '../../src/app.ts';
import { readConfig } from '../../src/base/config.ts';

/** A fresh installation whose owner links a real device: says each time that it tries to reach WhatsApp. */
const app = await startApp(readConfig({ ...process.env, LOG_LEVEL: 'silent' }));
const account = await app.accounts.bootstrap();
if (account === undefined) throw new Error('the folder is not empty');
const device = await app.devices.create(account.id, { name: 'Real', kind: 'whatsapp' });
app.events.on('device.changed', ({ state }) => {
  if (state === 'connecting') process.stdout.write('trying\n');
});
(await app.fleet.take(await app.devices.find(account.id, device.id))).startPairing();
