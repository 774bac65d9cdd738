import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Said, startNetwork } from '../../simulator/index.ts';
import { startTestApp } from '../support/app.ts';
import { placeOf } from '../support/own-database.ts';
import { rows } from '../support/rows.ts';

const settled = async (condition: () => Promise<boolean>, what: string) => {
  for (let tries = 0; tries < 800; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`never: ${what}`);
};

async function restartable() {
  const dataDir = mkdtempSync(join(tmpdir(), 'wagate-inbox-'));
  const network = await startNetwork();
  onTestFinished(async () => {
    await network.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const env = { RATE_LIMIT_PER_MINUTE: '100000' };
  return { network, dataDir, start: () => startTestApp({ dataDir, network, env }) };
}

describe('messages that came while nobody was there', () => {
  it('are all surfaced, marked offline, each once: 200 of them', async () => {
    const { network, start } = await restartable();
    const first = await start();
    await first.stop();
    const people = ['6281500000001', '6281500000002', '6281500000003'].map((number) => network.contact(number));
    const sent: string[] = [];
    for (let n = 0; n < 200; n++) {
      const person = people[n % people.length];
      if (person) sent.push((await person.send('6281234567890', `antri ${n}`)).whatsappId);
    }
    const app = await start();
    onTestFinished(() => app.stop());
    const all = async () => {
      const found: Record<string, unknown>[] = [];
      for (const page of [1, 2, 3])
        found.push(...((await app.call('GET', `/inbox?limit=100&page=${page}`)).body.data as unknown as typeof found));
      return found;
    };
    await settled(async () => (await all()).length >= 200, '200 rows');
    const rows = await all();
    expect(rows.length).toBe(200);
    expect(new Set(rows.map(({ message_id }) => message_id))).toEqual(new Set(sent));
    expect(rows.every(({ offline }) => offline === true)).toBe(true);
    const live = await people[0]?.send('6281234567890', 'sekarang');
    await settled(async () => (await all()).length === 201, 'the live one');
    expect((await all())[0]).toMatchObject({ message_id: live?.whatsappId, offline: false });
  });

  it('are of every kind, from people and groups, as the live ones are', async () => {
    const { network, start } = await restartable();
    const first = await start();
    const phone = network.phone('6281234567890');
    const person = network.contact('6281500000021', { name: 'Citra' });
    const group = network.group('Warga', [phone, person]);
    const subject = await person.send(phone.number, 'yang pertama');
    await first.stop();
    const key = { remoteJid: person.jid, fromMe: true, id: subject.whatsappId };
    const kinds: readonly (readonly [type: string, expected: object, said: Said])[] = [
      ['text', { text: 'halo' }, 'halo'],
      ['text', { refers_to: subject.whatsappId }, { extendedTextMessage: { text: 'ya', contextInfo: { stanzaId: subject.whatsappId } } }],
      ['image', { text: 'foto', media: { mimetype: 'image/jpeg' } }, { image: randomBytes(90), caption: 'foto' }],
      ['voice', { media: { mimetype: 'audio/ogg; codecs=opus' } }, { audio: randomBytes(90), ptt: true }],
      ['location', { location: { latitude: -6, longitude: 106, name: null, address: null } }, { location: { latitude: -6, longitude: 106 } }],
      ['contact', { text: 'Ani' }, { contact: { name: 'Ani', number: '628121' } }],
      ['poll', { poll_options: ['a', 'b'] }, { poll: { name: 'Mana?', options: ['a', 'b'] } }],
      ['reaction', { text: '👍', refers_to: subject.whatsappId }, { reactionMessage: { key, text: '👍' } }],
      ['edit', { text: 'lain', refers_to: subject.whatsappId }, { protocolMessage: { type: 14, key, editedMessage: { conversation: 'lain' } } }],
      ['deletion', { text: null, refers_to: subject.whatsappId }, { protocolMessage: { type: 0, key } }],
    ]; // biome-ignore format: a table to be read as one
    const expected: object[] = [];
    for (const to of [phone.number, group.jid])
      for (const [type, more, said] of kinds) {
        const sent = await person.send(to, said);
        const common = { message_id: sent.whatsappId, type, offline: true, from: person.number, push_name: 'Citra' };
        expected.push({
          ...common,
          chat: to === group.jid ? group.jid : person.number,
          is_group: to === group.jid,
          ...more,
        });
        if (type !== 'poll') continue;
        const vote = await person.vote(sent, ['b']);
        expected.push({ ...common, message_id: vote.whatsappId, type: 'poll_vote', poll_vote: ['b'] });
      }
    const app = await start();
    onTestFinished(() => app.stop());
    const waited = async () => (await app.call('GET', '/inbox?limit=100&after=1')).body.data as unknown as object[];
    await settled(async () => (await waited()).length >= expected.length, `${expected.length} rows`);
    expect(await waited()).toMatchObject(expected);
  });

  it.each([
    ['to the device alone', {}],
    ['through a broadcast list', { list: '1700000000@broadcast' }],
  ])('are taken from the journal, once only, when a process died before it told anybody: %s', async (_how, how) => {
    const { network, dataDir, start } = await restartable();
    const first = await start();
    const person = network.contact('6281500000011', { name: 'Budi' });
    const { whatsappId } = await person.send('6281234567890', 'tertulis', how);
    await settled(
      async () => ((await first.call('GET', '/inbox')).body.data as unknown as unknown[]).length === 1,
      'a row',
    );
    const keeper = first.fleet.station(first.deviceId)?.owner;
    const waiting = keeper === undefined ? [] : await first.store.journal.waiting(keeper);
    await first.stop();
    expect(keeper).toBeDefined();
    expect(waiting.map(({ envelope }) => envelope.whatsappId)).not.toContain(whatsappId);
    // As a kill between the journal and the inbox leaves it.
    await rows(placeOf(dataDir), 'delete from inbox');
    await rows(placeOf(dataDir), 'delete from event');
    await rows(placeOf(dataDir), 'update decrypt_journal set surfaced_at = null');

    const app = await start();
    onTestFinished(() => app.stop());
    const inbox = async () => (await app.call('GET', '/inbox')).body.data as unknown as Record<string, unknown>[];
    await settled(async () => (await inbox()).length > 0, 'the row');
    expect(await inbox()).toMatchObject([
      {
        message_id: whatsappId,
        text: 'tertulis',
        chat: person.number,
        from: person.number,
        from_lid: person.lid,
        push_name: 'Budi',
      },
    ]);
    const { data } = (await app.call('GET', '/inbox')).body;
    expect((data as unknown as unknown[]).length).toBe(1);
    const owner = app.fleet.station(app.deviceId)?.owner;
    await settled(
      async () => owner !== undefined && (await app.store.journal.waiting(owner)).length === 0,
      'an empty journal',
    );
  });
});
