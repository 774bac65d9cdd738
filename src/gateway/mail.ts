import { createTransport } from 'nodemailer';
import { asError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface Mail {
  /** False: there is no SMTP server, and nothing is sent. */
  readonly enabled: boolean;
  /** Whether the SMTP server took it. Failures are logged, never thrown: the link can be handed over in another way. */
  send(letter: Letter): Promise<boolean>;
}

export interface MailNeeds {
  readonly smtpUrl: string | undefined;
  readonly from: string;
  readonly log: Pick<Log, 'warn'>;
}

const TIMEOUT_MS = 10_000;

export function createMail({ smtpUrl, from, log }: MailNeeds): Mail {
  if (smtpUrl === undefined) return { enabled: false, send: async () => false };
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // What a letter holds is text of ours: no file and no address is ever read for it.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    enabled: true,
    async send({ to, subject, text }) {
      try {
        // As an object: a string would be parsed, and could name further recipients.
        await transport.sendMail({ from, to: { name: '', address: to }, subject, text });
        return true;
      } catch (error) {
        log.warn({ err: asError(error) }, 'a mail could not be sent');
        return false;
      }
    },
  };
}
