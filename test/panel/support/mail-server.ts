import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** An SMTP server on the loopback, as far as a mail to one recipient needs it; keeps what came. */
export async function startMailServer() {
  const letters: { readonly to: string; readonly text: string }[] = [];
  const waiting: (() => void)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let to = '';
    let text: string | undefined;
    let rest = '';
    const say = (line: string) => socket.write(`${line}\r\n`);
    say('220 test');
    socket.setEncoding('utf8').on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      rest += chunk;
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (text !== undefined) {
          if (line === '.') {
            letters.push({ to, text: decode(text) });
            text = undefined;
            say('250 kept');
            for (const wake of waiting.splice(0)) wake();
          } else text += `${line}\r\n`;
        } else if (/^RCPT TO:/i.test(line)) {
          to = /<(.*)>/.exec(line)?.[1] ?? '';
          say('250 ok');
        } else if (/^DATA/i.test(line)) {
          text = '';
          say('354 go on');
        } else if (/^QUIT/i.test(line)) {
          say('221 bye');
          socket.end();
        } else say('250 ok');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `smtp://127.0.0.1:${port}`,
    letters,
    async next(): Promise<{ readonly to: string; readonly text: string }> {
      if (letters.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      const letter = letters.shift();
      if (letter === undefined) throw new Error('no letter');
      return letter;
    },
  };
}

/** Quoted-printable, where the letter says so. */
const decode = (text: string) =>
  /quoted-printable/i.test(text)
    ? text
        .replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
