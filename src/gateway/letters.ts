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
} as const;

const oneLine = (text: string) => text.replace(/\s+/g, ' ');
