import { connect, type Socket } from 'node:net';

const BOUNDARY = 'wagate-test';

/** A part of a form as it goes over the line; with `filename` it is a file. */
export const part = (name: string, value: string, { filename, type }: { filename?: string; type?: string } = {}) =>
  [
    `--${BOUNDARY}`,
    `Content-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}`,
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    '',
    value,
    '',
  ].join('\r\n');

export const END = `--${BOUNDARY}--\r\n`;

/** What stands before a form's parts. `length` may be more than is ever sent. */
export const formHead = (path: string, token: string, length: number) =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${token}`,
    `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
    `Content-Length: ${length}`,
    '',
    '',
  ].join('\r\n');

export interface Line {
  readonly socket: Socket;
  /** Status and JSON of the first answer. */
  readonly answer: Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
}

/** A connection on which a test writes what no client would. It stays open for writing after the server's end. */
export function openLine(url: string): Line {
  const { port, hostname } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  const answered = Promise.withResolvers<Awaited<Line['answer']>>();
  // A test that only writes does not ask for the answer.
  answered.promise.catch(() => undefined);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
    const found = /^HTTP\/1\.1 (\d{3}) [\s\S]*?\r\n\r\n(\{[\s\S]*\})$/.exec(text);
    if (found) answered.resolve({ status: Number(found[1]), body: JSON.parse(found[2] ?? '') });
  });
  socket.on('error', answered.reject);
  socket.on('close', () => answered.reject(new Error(`closed after ${JSON.stringify(text)}`)));
  return { socket, answer: answered.promise };
}
