import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLookup } from '../../src/net/resolve.ts';

const A = 1;
const AAAA = 28;
type Answer = { readonly code: number } | { readonly addresses: readonly (readonly number[])[] };

/** A name server on the loopback that gives `answers[type]` to every question. */
async function nameServer(answers: Readonly<Record<number, Answer>>) {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const end = query.indexOf(0, 12) + 5;
    const type = query.readUInt16BE(end - 4);
    const answer = answers[type] ?? { addresses: [] };
    const addresses = 'addresses' in answer ? answer.addresses : [];
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | ('code' in answer ? answer.code : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(addresses.length, 6);
    const records = addresses.map((bytes) =>
      Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length, ...bytes]),
    );
    socket.send(Buffer.concat([head, query.subarray(12, end), ...records]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const names = createLookup([`127.0.0.1:${socket.address().port}`]);
  onTestFinished(() => {
    names.stop();
    socket.close();
  });
  return names.lookup;
}

describe('the addresses of a name', () => {
  it('are not known while no name server is there: that says nothing of the host', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    const names = createLookup([`127.0.0.1:${port}`]);
    onTestFinished(() => names.stop());
    await expect(names.lookup('files.example')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
  });

  it('are all of A and AAAA', async () => {
    const lookup = await nameServer({
      [A]: { addresses: [[93, 184, 215, 14], [10, 0, 0, 1]] },
      [AAAA]: { addresses: [[0x26, 6, 0x47, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11, 0x11]] },
    }); // biome-ignore format: one address a bracket
    expect(await lookup('files.example')).toEqual(['93.184.215.14', '10.0.0.1', '2606:4700::1111']);
  });

  it('are those of one family where the other has none or fails', async () => {
    const four = { addresses: [[1, 1, 1, 1]] };
    expect(await (await nameServer({ [A]: four }))('files.example')).toEqual(['1.1.1.1']);
    expect(await (await nameServer({ [A]: four, [AAAA]: { code: 5 } }))('files.example')).toEqual(['1.1.1.1']);
  });

  it('are missing for an unknown name, with a code', async () => {
    const unknown = await nameServer({ [A]: { code: 3 }, [AAAA]: { code: 3 } });
    await expect(unknown('unknown.invalid')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect((await nameServer({}))('empty.example')).rejects.toMatchObject({ code: 'ENODATA' });
  });
});
