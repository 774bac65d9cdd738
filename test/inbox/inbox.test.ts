import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Contact, Said } from '../../simulator/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';

type Row = Record<string, unknown> & { readonly id: number; readonly message_id: string };

describe('the inbox', () => {
  let app: TestApp;
  let budi: Contact;
  beforeAll(async () => {
    app = await startTestApp({ quota: 1000, env: { RATE_LIMIT_PER_MINUTE: '100000' } });
    budi = app.network.contact('6281300000001', { name: 'Budi' });
  });
  afterAll(() => app.stop());

  const get = async (path: string) => (await app.call('GET', path)).body;
  const rows = async (query = ''): Promise<Row[]> => (await get(`/inbox${query}`)).data as unknown as Row[];

  /** The row of a message, once it is there. */
  async function row(whatsappId: string): Promise<Row> {
    for (let tries = 0; tries < 1_200; tries++) {
      const found = (await rows('?limit=100')).find(({ message_id }) => message_id === whatsappId);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`${whatsappId} never came`);
  }
  const hear = async (said: Said, from = budi, to = app.network.phone('6281234567890').number) =>
    row((await from.send(to, said)).whatsappId);

  /** A message as somebody has received it. */
  async function pollAt(reader: Contact, whatsappId: string) {
    for (;;) {
      const message = await reader.nextMessage();
      if (message.whatsappId === whatsappId) return message;
    }
  }

  it('shows a text with its sender, by number and by hidden id', async () => {
    const message = await hear('Apakah masih ada?');
    expect(message).toMatchObject({
      direction: 'in',
      chat: budi.number,
      chat_id: budi.jid,
      is_group: false,
      from: budi.number,
      from_phone: budi.number,
      from_lid: budi.lid,
      push_name: 'Budi',
      offline: false,
      type: 'text',
      text: 'Apakah masih ada?',
      refers_to: null,
      media: null,
      opt_out: false,
      read_at: null,
      reactions: [],
    });
    expect(await get(`/inbox/${message.id}`)).toMatchObject({ success: true, data: { id: message.id } });
  });

  const key = { remoteJid: '6281234567890@s.whatsapp.net', fromMe: true, id: 'ABCDEF' };
  it.each<[type: string, expected: object, said: Said]>([
    ['location', { location: { latitude: -6.175, longitude: 106.827, name: 'Monas', address: null } }, { location: { latitude: -6.175, longitude: 106.827, name: 'Monas' } }],
    ['location', { location: { latitude: 0, longitude: 0, name: null, address: null } }, { locationMessage: { degreesLatitude: Number.POSITIVE_INFINITY, degreesLongitude: Number.NaN } }],
    ['contact', { text: 'Ani', contacts: [{ name: 'Ani', vcard: expect.stringContaining('BEGIN:VCARD') }] }, { contact: { name: 'Ani', number: '628121' } }],
    ['poll', { text: 'Jam?', poll_options: ['9', '10'] }, { pollCreationMessageV3: { name: 'Jam?', options: [{ optionName: '9' }, { optionName: '10' }] } }],
    ['poll_vote', { refers_to: 'ABCDEF', poll_vote: null }, { pollUpdateMessage: { pollCreationMessageKey: key, vote: { encPayload: randomBytes(20), encIv: randomBytes(12) } } }],
    ['reaction', { text: '👍', refers_to: 'ABCDEF' }, { reactionMessage: { key, text: '👍' } }],
    ['text', { text: 'ya, dua', refers_to: 'ABCDEF' }, { extendedTextMessage: { text: 'ya, dua', contextInfo: { stanzaId: 'ABCDEF' } } }],
    ['unknown', { text: null }, { orderMessage: { orderId: '1', itemCount: 2 } }],
    ['document', { text: 'ini', media: { mimetype: 'application/pdf', filename: 'Faktur.pdf' } }, { document: randomBytes(100), mimetype: 'application/pdf', fileName: 'Faktur.pdf', caption: 'ini' }],
  ])('keeps %s as %j', async (type, expected, said) => {
    expect(await hear(said)).toMatchObject({ type, ...expected });
  }); // biome-ignore format: a table to be read as one

  it('lists the groups of the device, and one with its people; asks WhatsApp once a minute', async () => {
    const phone = app.network.phone('6281234567890');
    const group = app.network.group('Zumba <b>', [phone, budi]);
    const asked = () => app.network.transcript.find(({ node }) => node.attrs.xmlns === 'w:g2').length;
    const listed = (await get('/groups')).data as unknown as { id: string }[];
    expect(listed.find(({ id }) => id === group.jid)).toEqual({
      id: group.jid,
      subject: 'Zumba <b>',
      participants: 2,
      announcement: false,
    });
    const questions = asked();
    expect((await get('/groups')).data).toEqual(listed);
    expect(asked()).toBe(questions);
    expect((await get(`/groups/${group.jid}`)).data).toEqual({
      id: group.jid,
      subject: 'Zumba <b>',
      announcement: false,
      participants: expect.arrayContaining([
        { id: expect.stringMatching(/@(lid|s\.whatsapp\.net)$/), phone: phone.number, admin: true },
        { id: expect.stringMatching(/@(lid|s\.whatsapp\.net)$/), phone: budi.number, admin: false },
      ]),
    });
    const foreign = app.network.group('Lain', [budi, '6281300000002']);
    expect((await app.call('GET', `/groups/${foreign.jid}`)).body).toMatchObject({ code: 'not_found' });
    expect((await app.call('GET', '/groups/6281300000001')).status).toBe(404);
    const fault = app.network.faults.failGroups(429);
    const other = app.network.group('Baru', [phone, budi]);
    expect(await app.call('GET', `/groups/${other.jid}`)).toMatchObject({
      status: 503,
      body: { success: false, code: 'whatsapp_unavailable' },
    });
    fault.end();
    expect((await get(`/groups/${other.jid}`)).data).toMatchObject({ subject: 'Baru' });
  });

  it('names group and sender', async () => {
    const group = app.network.group('Warga', [app.network.phone('6281234567890'), budi]);
    const { whatsappId } = await budi.send(group.jid, 'kerja bakti');
    expect(await row(whatsappId)).toMatchObject({ chat: group.jid, is_group: true, from: budi.number });
  });

  it('knows somebody who shows only a hidden id', async () => {
    const hidden = app.network.contact('6281300000002', { lid: true });
    expect(await hear('rahasia', hidden)).toMatchObject({ chat_id: hidden.lid, from_lid: hidden.lid });
  });

  it.each(['pn', 'lid'] as const)(
    'shows what comes through a broadcast list, by %s, in the chat with its writer',
    async (as) => {
      const lina = app.network.contact('6281300000015');
      const phone = app.network.phone('6281234567890');
      const { whatsappId } = await lina.send(phone.number, 'promo', { as, list: '1700000000@broadcast' });
      expect(await row(whatsappId)).toMatchObject({
        chat: lina.number,
        chat_id: as === 'pn' ? lina.jid : lina.lid,
        is_group: false,
        from: lina.number,
        from_phone: lina.number,
        from_lid: lina.lid,
        text: 'promo',
        offline: false,
      });
      await phone.contact.send(lina.number, 'promo sendiri', { as, list: '1700000001@broadcast' });
      await phone.contact.send(lina.number, 'status', { as, list: 'status@broadcast' });
      await lina.send(phone.number, 'status', { as, list: 'status@broadcast' });
      await hear('sesudahnya', lina);
      expect((await rows('?limit=2')).map(({ text }) => text)).toEqual(['sesudahnya', 'promo']);
    },
  );

  it.each(['view_once', 'view_once_unavailable_fanout'])(
    'tells once of what may be seen once, and of the copy that comes after all: %s',
    async (unavailable) => {
      const mira = app.network.contact('6281300000016');
      const phone = app.network.phone('6281234567890');
      const told: string[] = [];
      const off = app.events.on('message.received', ({ whatsappId }) => told.push(whatsappId));
      const { whatsappId } = await mira.send(
        phone.number,
        { image: randomBytes(90), caption: 'rahasia' },
        { unavailable },
      );
      const first = await row(whatsappId);
      expect(first).toMatchObject({
        type: 'view_once',
        text: null,
        media: null,
        chat: mira.number,
        from: mira.number,
        push_name: mira.name,
      });
      await hear('sesudahnya', mira);
      expect(told.filter((id) => id === whatsappId).length).toBe(1);
      await expect.poll(() => phone.devices().flatMap(({ address }) => app.network.waitingFor(address))).toEqual([]);

      await mira.send(phone.number, { image: randomBytes(90), caption: 'rahasia' }, { whatsappId });
      await hear('paling akhir', mira);
      off();
      const copies = (await rows(`?chat=${mira.number}`)).filter(({ message_id }) => message_id === whatsappId);
      expect(copies).toMatchObject([{ type: 'image', text: 'rahasia', media: { mimetype: 'image/jpeg' } }]);
      expect(copies[0]?.id).toBeGreaterThan(first.id);
      expect((await app.call('GET', `/inbox/${first.id}`)).status).toBe(404);
      expect(told.filter((id) => id === whatsappId).length).toBe(2);
    },
  );

  it('keeps what was written on the device’s own phone, and tells nobody that it was received', async () => {
    const told: string[] = [];
    const off = app.events.on('message.received', ({ whatsappId }) => told.push(whatsappId));
    const { whatsappId } = await app.network.phone('6281234567890').sendOwn(budi.number, 'dari ponsel');
    expect(await row(whatsappId)).toMatchObject({ direction: 'out', chat: budi.number, text: 'dari ponsel' });
    await hear('sesudahnya');
    off();
    expect(told).not.toContain(whatsappId);
  });

  it('shows edits, deletions and reactions at what they refer to, whoever else may have sent them', async () => {
    const ani = app.network.contact('6281300000003');
    const first = await budi.send(app.network.phone('6281234567890').number, 'jam dua');
    const second = await budi.send(app.network.phone('6281234567890').number, 'salah kirim');
    const at = (id: string) => ({ remoteJid: budi.jid, fromMe: true, id });
    await hear({
      protocolMessage: { type: 14, key: at(first.whatsappId), editedMessage: { conversation: 'jam tiga' } },
    });
    await hear({ protocolMessage: { type: 0, key: at(second.whatsappId) } });
    await hear({ reactionMessage: { key: at(first.whatsappId), text: '👍' } });
    await hear(
      { protocolMessage: { type: 14, key: at(first.whatsappId), editedMessage: { conversation: 'palsu' } } },
      ani,
    );
    expect(await row(first.whatsappId)).toMatchObject({
      text: 'jam tiga',
      edited_at: expect.any(String),
      deleted_at: null,
      reactions: [{ from: budi.number, emoji: '👍' }],
    });
    expect(await row(second.whatsappId)).toMatchObject({ text: null, deleted_at: expect.any(String) });
    await hear({ reactionMessage: { key: at(first.whatsappId), text: '' } });
    expect(await row(first.whatsappId)).toMatchObject({ reactions: [] });
  });

  it('reads votes in polls, which only who has the poll can read, and counts them there', async () => {
    const phone = app.network.phone('6281234567890');
    const poll = { poll: { name: 'Jam berapa?', options: ['9', '10', '11'] } };
    const asked = await phone.sendOwn(budi.number, poll);
    expect(await row(asked.whatsappId)).toMatchObject({
      direction: 'out',
      type: 'poll',
      poll_options: ['9', '10', '11'],
    });
    const received = await pollAt(budi, asked.whatsappId);
    const vote = async (options: string[]) => row((await budi.vote(received, options)).whatsappId);
    expect(await vote(['10'])).toMatchObject({ type: 'poll_vote', refers_to: asked.whatsappId, poll_vote: ['10'] });
    expect(await row(asked.whatsappId)).toMatchObject({ votes: [{ from: budi.number, options: ['10'] }] });
    expect(await vote(['9', '11'])).toMatchObject({ poll_vote: ['9', '11'] });
    expect(await row(asked.whatsappId)).toMatchObject({ votes: [{ from: budi.number, options: ['9', '11'] }] });
    expect(await vote([])).toMatchObject({ poll_vote: [] });
    expect(await row(asked.whatsappId)).toMatchObject({ votes: [] });
  });

  it.each(['pn', 'lid'] as const)('reads votes and sealed reactions of a group that names people by %s', async (by) => {
    const hadi = app.network.contact('6281300000009');
    const phone = app.network.phone('6281234567890');
    const group = app.network.group('Warga', [phone, budi, hadi], by);
    const asked = await budi.send(group.jid, { poll: { name: 'Siapa?', options: ['ya', 'tidak'] } });
    const heard = await pollAt(hadi, asked.whatsappId);
    const { whatsappId } = await hadi.vote(heard, ['ya']);
    expect(await row(whatsappId)).toMatchObject({ chat: group.jid, from: hadi.number, poll_vote: ['ya'] });
    const own = await row((await budi.vote(asked, ['tidak'], { as: by })).whatsappId);
    expect(own).toMatchObject({ from: budi.number, poll_vote: ['tidak'] });
    const reaction = await hadi.reactSealed(heard, '👏');
    expect(await row(reaction.whatsappId)).toMatchObject({ type: 'reaction', text: '👏', refers_to: asked.whatsappId });
    expect(await row(asked.whatsappId)).toMatchObject({
      reactions: [{ from: hadi.number, emoji: '👏' }],
      votes: [
        { from: hadi.number, options: ['ya'] },
        { from: budi.number, options: ['tidak'] },
      ],
    });
  });

  it('keeps a chat together that changes over to hidden ids', async () => {
    const indah = app.network.contact('6281300000010');
    const phone = app.network.phone('6281234567890');
    const first = await indah.send(phone.number, 'lama');
    await row(first.whatsappId);
    const key = { remoteJid: indah.lid, fromMe: true, id: first.whatsappId };
    const edit = { protocolMessage: { type: 14, key, editedMessage: { conversation: 'baru' } } };
    await row((await indah.send(phone.number, edit, { as: 'lid' })).whatsappId);
    expect(await row(first.whatsappId)).toMatchObject({ text: 'baru', chat: indah.number });
    const { whatsappId } = await phone.contact.send(indah.number, 'dari ponsel', { as: 'lid' });
    expect(await row(whatsappId)).toMatchObject({ direction: 'out', chat: indah.number, chat_id: indah.lid });
  });

  it('is read in pages, by filters, and from a cursor on', async () => {
    const citra = app.network.contact('6281300000004');
    const ids: number[] = [];
    for (const text of ['satu', 'dua', 'tiga']) ids.push((await hear(text, citra)).id);
    expect((await rows('?chat=0813-0000-0004')).map(({ text }) => text)).toEqual(['tiga', 'dua', 'satu']);
    expect((await rows('?from=6281300000004&limit=1&page=2')).map(({ text }) => text)).toEqual(['dua']);
    expect(await get('/inbox?from=6281300000004&limit=2')).toMatchObject({
      pagination: { current_page: 1, total_pages: 2, per_page: 2, total: 3 },
    });
    expect((await rows(`?after=${ids[0]}&chat=6281300000004`)).map(({ text }) => text)).toEqual(['dua', 'tiga']);
    expect((await rows('?type=poll')).every(({ type }) => type === 'poll')).toBe(true);
    expect(await rows('?chat=6281300000004&since=2100-01-01')).toEqual([]);
    expect((await app.call('GET', '/inbox?chat=nobody')).body).toMatchObject({
      code: 'validation_failed',
      errors: { chat: [expect.any(String)] },
    });
    expect((await app.call('GET', '/inbox/999999')).status).toBe(404);
  });

  it('marks a message, and what came before it in the chat, as read', async () => {
    const dewi = app.network.contact('6281300000005');
    const first = await hear('satu', dewi);
    const second = await hear('dua', dewi);
    const { status, body } = await app.call('POST', `/inbox/${second.id}/read`);
    expect([status, body.data.read_at]).toEqual([200, expect.any(String)]);
    await dewi.nextReceipt({ id: first.message_id, type: 'read' });
    expect(await get(`/inbox/${first.id}`)).toMatchObject({ data: { read_at: expect.any(String) } });
  });

  it('answers with the message quoted that it replies to', async () => {
    const eka = app.network.contact('6281300000006');
    const question = await hear('Berapa harganya?', eka);
    for (const replyTo of [question.id, question.message_id]) {
      const { status } = await app.call('POST', '/send-message', {
        recipient: eka.number,
        message: 'Rp 10.000',
        reply_to: replyTo,
      });
      expect(status).toBe(200);
      const { content } = await eka.nextMessage();
      expect(content.extendedTextMessage).toMatchObject({
        text: 'Rp 10.000',
        contextInfo: {
          stanzaId: question.message_id,
          participant: eka.jid,
          quotedMessage: { conversation: 'Berapa harganya?' },
        },
      });
    }
    const own = await app.call('POST', '/send-message', { recipient: eka.number, message: 'satu lagi' });
    await eka.nextMessage();
    await app.call('POST', '/send-message', {
      recipient: eka.number,
      message: 'tentang yang tadi',
      reply_to: own.body.data.message_id,
    });
    expect((await eka.nextMessage()).content.extendedTextMessage?.contextInfo).toMatchObject({
      participant: '6281234567890@s.whatsapp.net',
      quotedMessage: { extendedTextMessage: { text: 'satu lagi' } },
    });
  });

  it('quotes the message of the right chat, when somebody has used its id for another', async () => {
    const joko = app.network.contact('6281300000012');
    const jahat = app.network.contact('6281300000013');
    const question = await hear('Berapa?', joko);
    const phone = app.network.phone('6281234567890').number;
    await jahat.send(phone, 'palsu', { whatsappId: question.message_id });
    while (!(await rows('?chat=6281300000013')).length);
    const reply = { recipient: joko.number, message: 'Rp 1.000', reply_to: question.message_id };
    expect((await app.call('POST', '/send-message', reply)).status).toBe(200);
    const { content } = await joko.nextMessage();
    expect(content.extendedTextMessage?.contextInfo?.quotedMessage).toMatchObject({ conversation: 'Berapa?' });
  });

  it('quotes nothing that is unknown or of another chat', async () => {
    const { id } = await hear('rahasia Budi');
    for (const [recipient, reply_to] of [
      ['6281300000003', id],
      [budi.number, 999_999],
      [budi.number, 'NOSUCHID'],
      [budi.number, 'a b'],
    ])
      expect((await app.call('POST', '/send-message', { recipient, message: 'x', reply_to })).body).toMatchObject({
        code: 'validation_failed',
        errors: { reply_to: [expect.any(String)] },
      });
  });

  it('reacts to what was received and to what was sent', async () => {
    const fajar = app.network.contact('6281300000007');
    const question = await hear('sudah dikirim?', fajar);
    const { status, body } = await app.call('POST', '/send-reaction', { message_id: question.id, emoji: '🙏' });
    expect([status, body.data]).toEqual([200, { message_id: question.message_id, chat: fajar.number, emoji: '🙏' }]);
    expect((await fajar.nextMessage()).content.reactionMessage).toMatchObject({
      text: '🙏',
      key: { id: question.message_id, fromMe: false },
    });
    const sent = await app.call('POST', '/send-message', { recipient: fajar.number, message: 'sudah' });
    await fajar.nextMessage();
    await app.call('POST', '/send-reaction', { message_id: sent.body.data.message_id });
    expect((await fajar.nextMessage()).content.reactionMessage).toMatchObject({ key: { fromMe: true } });
    expect((await app.call('POST', '/send-reaction', { message_id: 'NOSUCHID', emoji: '🙏' })).status).toBe(404);
    expect((await app.call('POST', '/send-reaction', { emoji: '🙏' })).body).toMatchObject({
      message: 'message_id is required',
    });
  });

  it('marks as read, reacts, replies and shows typing in a group, too', async () => {
    const kiki = app.network.contact('6281300000014');
    const group = app.network.group('Arisan', [app.network.phone('6281234567890'), kiki]);
    const question = await hear('Siapa datang?', kiki, group.jid);
    expect((await app.call('POST', `/inbox/${question.id}/read`)).status).toBe(200);
    await kiki.nextReceipt({ id: question.message_id, type: 'read' });
    await app.call('POST', '/send-reaction', { message_id: question.id, emoji: '🙋' });
    expect((await kiki.nextMessage()).content.reactionMessage?.key).toMatchObject({
      id: question.message_id,
      remoteJid: group.jid,
      participant: kiki.lid,
    });
    expect(await get(`/inbox/${question.id}`)).toMatchObject({ data: { reactions: [{ from: 'me', emoji: '🙋' }] } });
    await app.call('POST', '/send-message', { recipient: group.jid, message: 'Saya', reply_to: question.id });
    const { chat, content } = await kiki.nextMessage();
    expect([chat, content.extendedTextMessage?.contextInfo?.participant]).toEqual([group.jid, kiki.lid]);
    expect((await app.call('POST', '/typing', { recipient: group.jid, state: 'recording' })).status).toBe(200);
  });

  it('shows typing', async () => {
    expect((await app.call('POST', '/typing', { recipient: budi.number })).status).toBe(200);
    expect(await budi.nextTyping()).toMatchObject({ state: 'composing' });
    expect((await app.call('POST', '/typing', { recipient: budi.number, state: 'dancing' })).status).toBe(422);
  });

  it('remembers who wants no more messages, until they write otherwise', async () => {
    const gita = app.network.contact('6281300000008');
    expect(await hear('jangan stop dulu', gita)).toMatchObject({ opt_out: false, opted_out: false });
    expect(await hear('Berhenti.', gita)).toMatchObject({ opt_out: true, opted_out: true });
    const send = () => app.call('POST', '/send-message', { recipient: gita.number, message: 'promo' });
    expect((await send()).status).toBe(200);
    const device = await app.app.devices.find(app.account.id, app.deviceId);
    const settings = JSON.stringify({ ...JSON.parse(device.settings), opt_out: 'refuse' });
    await app.store.devices.update(app.account.id, app.deviceId, { settings });
    expect((await send()).body).toMatchObject({ code: 'recipient_opted_out' });
    expect(await hear('MULAI', gita)).toMatchObject({ opt_out: false, opted_out: false });
    expect((await send()).status).toBe(200);
  });

  it('shows nothing of another device', async () => {
    const { id } = await hear('hanya untuk satu');
    const other = await app.addDevice('6281234567899');
    const token = await app.app.devices.issueToken(app.account.id, other.id);
    const headers = { authorization: `Bearer ${token}` };
    expect((await app.call('GET', '/inbox', undefined, headers)).body.data).toEqual([]);
    for (const [method, path] of [
      ['GET', `/inbox/${id}`],
      ['GET', `/inbox/${id}/media`],
      ['POST', `/inbox/${id}/read`],
    ] as const)
      expect((await app.call(method, path, undefined, headers)).status).toBe(404);
  });
});
