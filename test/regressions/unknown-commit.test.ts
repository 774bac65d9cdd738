import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startTestApp } from '../support/app.ts';
import { postgresPlace } from '../support/databases.ts';

const server = inject('postgresUrl');

// The uploaded file was removed, and a message that had been accepted after all failed for want of it.
test.skipIf(server === undefined)('an upload stays when nobody knows whether its message was accepted', async () => {
  const { url } = await postgresPlace(server ?? '');
  const app = await startTestApp({ env: { DATABASE_URL: url ?? '' } });
  onTestFinished(() => app.stop());
  const client = new pg.Client(url);
  await client.connect();
  // The server ends the connection in the midst of the commit, once.
  await client.query(`
    create function vanish() returns trigger language plpgsql as $$
      begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
    create constraint trigger vanish after insert on message deferrable initially deferred
      for each row execute function vanish()`);
  const contact = app.network.contact('6281400000001');
  const post = async () => {
    const form = new FormData();
    form.set('recipient', contact.number);
    form.set('file', new Blob(['a short document'], { type: 'text/plain' }), 'note.txt');
    const response = await fetch(`${app.url}/api/v1/send-media`, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.token}`, 'idempotency-key': 'a note' },
      body: form,
    });
    return { status: response.status, body: await response.json() };
  };
  const uploads = () => readdirSync(join(app.dataDir, 'media', 'uploads'));
  expect(await post()).toMatchObject({
    status: 503,
    body: { code: 'temporarily_unavailable', message: expect.stringContaining('may have been accepted') },
  });
  expect(uploads()).toHaveLength(1);

  await client.query('drop trigger vanish on message');
  await client.end();
  // It had not been: the repeat is the message.
  expect((await post()).status).toBe(200);
  expect((await contact.nextMessage()).content.documentMessage?.fileName).toBe('note.txt');
  expect(contact.messages).toHaveLength(1);
});
