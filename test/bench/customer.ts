import { Agent, request } from 'node:http';

/** A program that uses the API, over connections that stay open. */
export function createCustomer(url: string, token: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const { hostname, port } = new URL(url);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return {
    /** Resolves with the answer; rejects unless it has the status that is expected: 200 when WhatsApp acknowledged it, 202 `async`. */
    send(recipient: string, message: string, { async = false } = {}): Promise<void> {
      const body = JSON.stringify({ recipient, message, show_typing: false, async });
      return new Promise((resolve, reject) => {
        const length = Buffer.byteLength(body);
        const asked = request(
          {
            agent,
            hostname,
            port,
            method: 'POST',
            path: '/api/v1/send-message',
            headers: { ...headers, 'content-length': length },
          },
          (answer) => {
            let text = '';
            answer.setEncoding('utf8').on('data', (part) => {
              text += part;
            });
            answer.once('end', () => {
              if (answer.statusCode === (async ? 202 : 200)) resolve();
              else reject(new Error(`${recipient}: ${answer.statusCode} ${text}`));
            });
          },
        );
        asked.once('error', reject);
        asked.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}

export type Customer = ReturnType<typeof createCustomer>;
