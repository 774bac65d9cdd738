import type { PauseCause } from './deliveries/schedule.ts';
import type { Letter } from './mail.ts';

type Language = 'id' | 'en';
interface Facts {
  readonly installation: string;
  readonly link: string;
}

/** The mails, in both languages. Plain text: nothing in it can be styled by whoever chose a name. */
export const letters = {
  signInLink: (to: string, language: Language, { installation, link }: Facts): Letter =>
    language === 'id'
      ? {
          to,
          subject: `Tautan masuk ${installation}`,
          text: `Buka tautan ini untuk masuk dan, bila perlu, membuat kata sandi baru. Berlaku 24 jam dan hanya satu kali:\n\n${link}\n\nJika Anda tidak memintanya, abaikan saja email ini.\n`,
        }
      : {
          to,
          subject: `Your sign-in link for ${installation}`,
          text: `Open this link to sign in and, if you like, to set a new password. It works once, within 24 hours:\n\n${link}\n\nIf you did not ask for it, ignore this mail.\n`,
        },

  invitation: (to: string, language: Language, { installation, link }: Facts, account: string): Letter =>
    language === 'id'
      ? {
          to,
          subject: `Undangan ke ${installation}`,
          text: `Anda diundang untuk bergabung dengan akun "${oneLine(account)}". Tautan ini berlaku 7 hari dan hanya satu kali:\n\n${link}\n`,
        }
      : {
          to,
          subject: `Invitation to ${installation}`,
          text: `You are invited to join the account "${oneLine(account)}". The link works once, within 7 days:\n\n${link}\n`,
        },
  webhookPaused: (
    to: string,
    language: Language,
    {
      installation,
      link,
      device,
      host,
      cause,
    }: Facts & { readonly device: string; readonly host: string; readonly cause: PauseCause },
  ): Letter =>
    language === 'id'
      ? {
          to,
          subject: `Webhook dijeda: ${oneLine(host)}`,
          text: `Webhook ke ${oneLine(host)} untuk perangkat "${oneLine(device)}" dijeda: ${paused.id[cause]} Tidak ada yang hilang: yang terlewat menunggu, paling lama 30 hari. Setelah server Anda pulih, aktifkan kembali webhook itu, lalu semuanya dikirim:\n\n${link}\n\n${oneLine(installation)}\n`,
        }
      : {
          to,
          subject: `Webhook paused: ${oneLine(host)}`,
          text: `The webhook to ${oneLine(host)} of the device "${oneLine(device)}" is paused: ${paused.en[cause]} Nothing is lost: what it missed waits, for 30 days at most. When your server is well again, enable the webhook, and everything is delivered:\n\n${link}\n\n${oneLine(installation)}\n`,
        },
} as const;

const paused: Readonly<Record<Language, Readonly<Record<PauseCause, string>>>> = {
  id: { gone: 'server menjawab 410 Gone.', dead: 'selama lima hari tidak ada yang dapat dikirim ke sana.' },
  en: { gone: 'it answered 410 Gone.', dead: 'nothing could be delivered to it for five days.' },
};

const oneLine = (text: string) => text.replace(/\s+/g, ' ');
