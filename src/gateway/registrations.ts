import type { Clock } from '../base/clock.ts';
import type { Link, Registration } from '../whatsapp/link.ts';

/** A number that has WhatsApp seldom loses it; one that has none may install it any minute. */
const KNOWN_MS = 24 * 3600_000;
const UNKNOWN_MS = 5 * 60_000;
const MOST = 20_000;

export interface Registrations {
  /** The registration of a number, or null when it is not on WhatsApp. Throws LinkError. */
  find(link: Pick<Link, 'lookUp'>, phone: string): Promise<Registration | null>;
}

/**
 * Whether a number is on WhatsApp, remembered per device: each question is one that WhatsApp counts. Questions asked at the same
 * time about one number are one question.
 */
export function createRegistrations(clock: Clock): Registrations {
  const known = new Map<string, { readonly registration: Registration | null; readonly until: number }>();
  const asking = new Map<string, Promise<Registration | null>>();

  async function ask(link: Pick<Link, 'lookUp'>, phone: string): Promise<Registration | null> {
    const registration = (await link.lookUp([phone])).get(phone) ?? null;
    const oldest = known.size >= MOST ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    known.set(phone, { registration, until: clock.now() + (registration === null ? UNKNOWN_MS : KNOWN_MS) });
    return registration;
  }

  return {
    async find(link, phone) {
      const remembered = known.get(phone);
      if (remembered !== undefined && remembered.until > clock.now()) return remembered.registration;
      const running = asking.get(phone);
      if (running !== undefined) return running;
      const question = ask(link, phone).finally(() => asking.delete(phone));
      asking.set(phone, question);
      return question;
    },
  };
}
