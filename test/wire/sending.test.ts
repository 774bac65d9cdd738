import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { startMediaHost } from '../support/media-host.ts';

/** Bytes that say what they are, by their first letters. */
const files: Record<string, { type: string; bytes: Buffer }> = {};
const big = Buffer.alloc(3 * 1024 * 1024, 'a video would be here ');

describe('a message from the HTTP request to the phone that reads it', () => {
  let app: TestApp;
  let host: Awaited<ReturnType<typeof startMediaHost>>;

  beforeAll(async () => {
    files['/photo.jpg'] = {
      type: 'image/jpeg',
      bytes: await sharp({ create: { width: 320, height: 200, channels: 3, background: '#0a7' } })
        .jpeg()
        .toBuffer(),
    };
    files['/clip.mp4'] = {
      type: 'video/mp4',
      bytes: Buffer.concat([Buffer.from('0000001c667479706d70343200000001', 'hex'), big]),
    };
    files['/song.mp3'] = {
      type: 'audio/mpeg',
      bytes: Buffer.concat([Buffer.from('49443304000000000000fffb9064', 'hex'), big.subarray(0, 50_000)]),
    };
    const ogg = (head: string) =>
      Buffer.concat([Buffer.from('OggS'), Buffer.alloc(24), Buffer.from(head, 'latin1'), big]);
    files['/voice.ogg'] = { type: 'audio/ogg', bytes: ogg('OpusHead') };
    files['/vorbis.ogg'] = { type: 'audio/ogg', bytes: ogg('\x01vorbis') };
    files['/speex.ogg'] = { type: 'audio/ogg', bytes: ogg('Speex  ') };
    files['/flac.ogg'] = { type: 'audio/ogg', bytes: ogg('\x7fFLAC') };
    files['/invoice.pdf'] = {
      type: 'application/pdf',
      bytes: Buffer.concat([Buffer.from('%PDF-1.7\n'), big.subarray(0, 9_000)]),
    };
    files['/page.html'] = {
      type: 'image/jpeg',
      bytes: Buffer.from('<!doctype html><html><body>no image</body></html>'),
    };
    host = await startMediaHost((request, response) => {
      if (request.url === '/slow') return;
      if (request.url === '/huge') {
        response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': String(200 * 1024 * 1024) });
        response.write('%PDF-1.7\n');
        return;
      }
      const file = files[request.url ?? ''];
      if (file === undefined) {
        response.writeHead(404).end('nothing here');
        return;
      }
      response.writeHead(200, { 'content-type': file.type, 'content-length': file.bytes.length }).end(file.bytes);
    });
    app = await startTestApp({
      env: { EGRESS_PORTS: `80,443,1,${host.port}`, MEDIA_TIMEOUT_SECONDS: '5' },
      quota: 1000,
    });
  });
  afterAll(async () => {
    await app.stop();
    await host.stop();
  });

  it('is decrypted as the very text that was sent, under the id that was answered', async () => {
    const budi = app.network.contact('6281211110001');
    const text = 'Halo Budi 👋 pesanan №42 – sudah “dikirim”\nterima kasih';
    const { status, body } = await app.call('POST', '/send-message', { recipient: '0812-1111-0001', message: text });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      success: true,
      message: 'Message sent successfully',
      data: { recipient: '6281211110001', status: 'sent' },
    });
    const message = await budi.nextMessage();
    expect(message).toMatchObject({ text, whatsappId: body.data.message_id, from: '6281234567890' });
  });

  it('reaches every device of a contact, under the phone number or the hidden id', async () => {
    const sari = app.network.contact('6281211110002', { devices: 2 });
    await app.call('POST', '/send-message', { recipient: sari.number, message: 'by number' });
    const first = await sari.nextMessage();
    expect([...first.copies.keys()].length).toBe(3);
    const { status } = await app.call('POST', '/send-message', { recipient: sari.lid, message: 'by hidden id' });
    expect(status).toBe(200);
    expect((await sari.nextMessage()).text).toBe('by hidden id');
  });

  it.each([
    ['image', '/photo.jpg', 'imageMessage'],
    ['video', '/clip.mp4', 'videoMessage'],
    ['audio', '/song.mp3', 'documentWithCaptionMessage'],
    ['document', '/invoice.pdf', 'documentWithCaptionMessage'],
  ] as const)('carries the very bytes of an %s, and its caption', async (kind, path, field) => {
    const contact = app.network.contact('6281211110003');
    const { status, body } = await app.call('POST', '/send-media', {
      recipient: contact.number,
      media_url: host.url(path),
      caption: `A ${kind}`,
    });
    expect(body).toMatchObject({ success: true, message: 'Media message sent successfully' });
    expect(status).toBe(200);
    const message = await contact.nextMessage();
    expect(message.content[field]).toBeTruthy();
    expect(message.text).toBe(`A ${kind}`);
    const bytes = await contact.media(message);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      createHash('sha256')
        .update(files[path]?.bytes ?? '')
        .digest('hex'),
    );
  });

  it.each([
    ['/song.mp3', 'audio', { mimetype: 'audio/mpeg', ptt: false }],
    ['/voice.ogg', undefined, { mimetype: 'audio/ogg; codecs=opus', ptt: true }],
    ['/vorbis.ogg', undefined, { mimetype: 'audio/ogg', ptt: false }],
    ['/speex.ogg', 'audio', { mimetype: 'audio/ogg', ptt: false }],
    ['/flac.ogg', 'audio', { mimetype: 'audio/ogg', ptt: false }],
  ])('plays %s, and only Opus as a voice message', async (path, media_type, expected) => {
    const contact = app.network.contact('6281211110013');
    const { body } = await app.call('POST', '/send-media', {
      recipient: contact.number,
      media_url: host.url(path),
      media_type,
    });
    const { mimetype, ptt } = (await contact.nextMessage()).content.audioMessage ?? {};
    expect({ mimetype, ptt: ptt ?? false }).toEqual(expected);
    expect((await app.call('GET', `/messages/${body.data.id}`)).body.data).toMatchObject({ type: 'audio' });
  });

  it('calls audio with a caption a document before it is fetched, too', async () => {
    const { body } = await app.call('POST', '/send-media', {
      recipient: '6281211110014',
      media_url: host.url('/song.mp3'),
      media_type: 'audio',
      caption: 'Lagu',
      scheduled_at: new Date(Date.now() + 3_600_000).toISOString(),
    });
    expect((await app.call('GET', `/messages/${body.data.id}`)).body.data).toMatchObject({
      type: 'document',
      status: 'pending',
    });
  });

  it('posts text in a channel; files for one are refused before anything is spent, and so are reactions', async () => {
    const channel = app.network.channel('6281234567890');
    const post = await app.call('POST', '/send-message', { recipient: channel.jid, message: 'Promo akhir pekan' });
    expect(post.status).toBe(200);
    expect(await channel.nextPost()).toMatchObject({
      text: 'Promo akhir pekan',
      whatsappId: post.body.data.message_id,
    });
    const file = await app.call('POST', '/send-media', {
      recipient: channel.jid,
      media_url: host.url('/photo.jpg'),
    });
    expect(file.status).toBe(422);
    expect(file.body.errors?.recipient?.[0]).toMatch(/channel/);
    const reaction = { message_id: post.body.data.message_id, emoji: '👍' };
    expect((await app.call('POST', '/send-reaction', reaction)).body.errors?.message_id?.[0]).toMatch(/channel/);
    const { body } = await app.call('GET', `/messages?recipient=${channel.jid}`);
    expect(body.data).toMatchObject([{ status: 'sent', attempts: 1 }]);
    expect(channel.posts).toHaveLength(1);
  });

  it('takes a file that is uploaded with the request', async () => {
    const contact = app.network.contact('6281211110004');
    const form = new FormData();
    form.set('recipient', contact.number);
    form.set('caption', 'the invoice');
    form.set(
      'file',
      new Blob([files['/invoice.pdf']?.bytes ?? ''], { type: 'application/pdf' }),
      'Faktur März 2026.pdf',
    );
    const response = await fetch(`${app.url}/api/v1/send-media`, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.token}` },
      body: form,
    });
    expect(response.status).toBe(200);
    const message = await contact.nextMessage();
    expect(message.content.documentWithCaptionMessage?.message?.documentMessage?.fileName).toBe('Faktur März 2026.pdf');
    expect(await contact.media(message)).toEqual(files['/invoice.pdf']?.bytes);
  });

  it('is delivered and read in a group whose receipts WhatsApp tells together', async () => {
    const members = ['6281211110041', '6281211110042'].map((number) => app.network.contact(number));
    for (const member of members) member.autoReceipts = 'read';
    const group = app.network.group('Reseller', [app.network.phone('6281234567890'), ...members]);
    app.network.faults.receipts('together', { chat: group.jid, times: 1 });
    const steps = new Map<string, string>();
    const off = app.events.on('message.changed', ({ whatsappId, state }) => steps.set(whatsappId, state));
    const { body } = await app.call('POST', '/send-message', { recipient: group.jid, message: 'Stok baru' });
    const id = String(body.data.message_id);
    await app.until(() => steps.get(id) === 'read', 'the group to have read it').finally(off);
    const { body: told } = await app.call('GET', `/messages/${body.data.id}`);
    expect(told.data).toMatchObject({ state: 'read', delivered_at: expect.any(String), read_at: expect.any(String) });
    const receipts = app.network.transcript.find(
      ({ direction, node }) => direction === 'out' && node.tag === 'receipt' && node.attrs.id === id,
    );
    expect(receipts.map(({ node }) => [node.attrs.type, node.attrs.participant])).toEqual([
      [undefined, undefined],
      ['read', undefined],
    ]);
  });

  it('is read by every member of a group', async () => {
    const [ani, tono] = [app.network.contact('6281211110005'), app.network.contact('6281211110006')];
    const group = app.network.group('Warung', [app.network.phone('6281234567890'), ani, tono]);
    const { status } = await app.call('POST', '/send-message', { recipient: group.jid, message: 'Selamat pagi semua' });
    expect(status).toBe(200);
    expect((await ani.nextMessage()).text).toBe('Selamat pagi semua');
    expect((await tono.nextMessage()).text).toBe('Selamat pagi semua');
  });

  it('is followed through delivered to read', async () => {
    const contact = app.network.contact('6281211110007');
    contact.autoReceipts = 'read';
    const { body } = await app.call('POST', '/send-message', { recipient: contact.number, message: 'read me' });
    const id = Number(body.data.id);
    await app.until(() => seen.has(id), 'the message to be read');
    const row = await app.call('GET', `/messages/${id}`);
    expect(row.body.data).toMatchObject({ status: 'sent', state: 'read' });
    expect(row.body.data.read_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });
  const seen = new Set<number>();
  beforeAll(() => {
    app.events.on('message.changed', (event) => {
      if (event.state === 'read') seen.add(event.messageId);
    });
  });

  describe('when the request can not be fulfilled', () => {
    const refused: readonly [name: string, path: string, body: () => unknown, status: number, code: string, message: RegExp][] = [
      ['an unregistered number', '/send-message', () => ({ recipient: '6281299990000', message: 'hi' }), 400, 'number_not_registered', /^Number 6281299990000 is not registered on WhatsApp\. Please check/],
      ['5001 characters', '/send-message', () => ({ recipient: '6281211110001', message: 'x'.repeat(5001) }), 422, 'validation_failed', /5000/],
      ['an empty message', '/send-message', () => ({ recipient: '6281211110001', message: '' }), 422, 'validation_failed', /^session_id, recipient, and message are required$/],
      ['letters', '/send-message', () => ({ recipient: 'budi', message: 'hi' }), 422, 'validation_failed', /number/],
      ['scientific notation', '/send-message', () => ({ recipient: '6.28123E+12', message: 'hi' }), 422, 'validation_failed', /column as text/],
      ['an unknown media host', '/send-media', () => ({ recipient: '6281211110001', media_url: 'http://nowhere.invalid/a.jpg' }), 400, 'media_unreachable', /^Failed to download media from URL: connect (ENOTFOUND|EAI_AGAIN) nowhere\.invalid$/],
      ['a media host that refuses', '/send-media', () => ({ recipient: '6281211110001', media_url: 'http://127.0.0.1:1/a.jpg' }), 400, 'media_unreachable', /^Failed to download media from URL: connect ECONNREFUSED 127\.0\.0\.1/],
      ['media that is not there', '/send-media', () => ({ recipient: '6281211110001', media_url: host.url('/none.jpg') }), 400, 'media_unreachable', /^Failed to download media from URL: HTTP 404$/],
      ['media that comes too slowly', '/send-media', () => ({ recipient: '6281211110001', media_url: host.url('/slow') }), 400, 'media_unreachable', /^Failed to download media from URL: timed out after 5 seconds$/],
      ['media over 100 MB', '/send-media', () => ({ recipient: '6281211110001', media_url: host.url('/huge') }), 400, 'media_unreachable', /^Failed to download media from URL: larger than 100 MB$/],
      ['HTML called an image', '/send-media', () => ({ recipient: '6281211110001', media_url: host.url('/page.html'), media_type: 'image' }), 400, 'media_unreachable', /^Failed to download media from URL: unsupported type$/],
      ['a private address', '/send-media', () => ({ recipient: '6281211110001', media_url: 'http://10.0.0.1/a.jpg' }), 400, 'media_unreachable', /^Failed to download media from URL: address not allowed$/],
      ['a local file', '/send-media', () => ({ recipient: '6281211110001', media_url: 'file:///etc/passwd' }), 422, 'validation_failed', /media_url/],
      ['a port that is not open to callers', '/send-media', () => ({ recipient: '6281211110001', media_url: 'http://127.0.0.1:22/a.jpg' }), 422, 'validation_failed', /media_url must use one of the ports/],
    ]; // biome-ignore format: a table

    it.each(refused)(
      'answers %s in the envelope, spends nothing and loses nothing',
      async (_name, path, body, status, code, message) => {
        const before = await app.call('GET', '/device');
        const rows = async () => (await app.call('GET', '/messages')).body.pagination?.total;
        const rowsBefore = await rows();
        const answer = await app.call('POST', path, body());
        expect(answer.body).toMatchObject({ success: false, code });
        expect(answer.body.message).toMatch(message);
        expect(answer.status).toBe(status);
        expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'));
        expect(JSON.stringify(answer.body)).not.toMatch(/ at .*\.(ts|js):|node_modules|select |insert /i);
        const after = await app.call('GET', '/device');
        const left = (answerOf: typeof after) =>
          (answerOf.body.data.subscription as { message_remaining: number }).message_remaining;
        expect(left(after)).toBe(left(before));
        if (code === 'validation_failed') {
          expect(Object.values(answer.body.errors ?? {}).flat().length).toBeGreaterThan(0);
          expect(await rows()).toBe(rowsBefore);
        }
      },
    );

    it('keeps what failed in the history, with its code and sentence', async () => {
      const { body } = await app.call('GET', '/messages?status=failed&limit=100');
      const rows = body.data as unknown as { error_code: string; error_message: string; state: string }[];
      expect(rows.map((row) => row.error_code)).toContain('number_not_registered');
      expect(rows.every((row) => row.state === 'failed' && row.error_message.length > 0)).toBe(true);
    });

    it('lets go of an upload whose message is cancelled', async () => {
      const form = new FormData();
      form.set('recipient', '6281211110004');
      form.set('scheduled_at', '2030-01-01T00:00:00Z');
      form.set('file', new Blob([files['/invoice.pdf']?.bytes ?? '']), 'a.pdf');
      const response = await fetch(`${app.url}/api/v1/send-media`, {
        method: 'POST',
        headers: { authorization: `Bearer ${app.token}` },
        body: form,
      });
      const { data } = (await response.json()) as { data: { id: number } };
      const uploads = () => readdirSync(join(app.dataDir, 'media', 'uploads'));
      expect([response.status, uploads()]).toEqual([202, [expect.any(String)]]);
      expect((await app.call('DELETE', `/messages/${data.id}`)).status).toBe(200);
      await expect.poll(uploads).toEqual([]);
    });
  });

  it('answers at once that the device is not connected, or holds the message when asked to', async () => {
    const contact = app.network.contact('6281211110008');
    app.network.faults.refuseUpgrade(503);
    app.network.cut('6281234567890');
    await app.until(() => !app.fleet.isConnected(app.deviceId), 'the device to notice');
    const refusal = await app.call('POST', '/send-message', { recipient: contact.number, message: 'now?' });
    expect(refusal.status).toBe(400);
    expect(refusal.body).toMatchObject({
      code: 'device_not_connected',
      message: 'WhatsApp client is not connected. Please reconnect your device from dashboard.',
    });
    const held = await app.call('POST', '/send-message', {
      recipient: contact.number,
      message: 'later',
      when_offline: 'hold',
      async: true,
    });
    expect(held.status).toBe(202);
    expect(held.body).toMatchObject({ message: 'Message accepted and pending', data: { status: 'pending' } });
    const waiting = await app.call('GET', `/messages/${held.body.data.id}`);
    expect(waiting.body.data).toMatchObject({ status: 'pending', waiting_for: 'device_offline' });
    app.network.faults.clear();
    expect((await contact.nextMessage({ timeoutMs: 30_000 })).text).toBe('later');
  });
});
