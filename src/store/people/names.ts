/** One person, under all the names that WhatsApp has for them. Digits only. */
export interface PersonNames {
  readonly phone: string | null;
  /** Hidden ids (LID), without `@lid`. */
  readonly lids: readonly string[];
}

/** As `recipient` and `peer` are written. */
export const peersOf = ({ phone, lids }: PersonNames): string[] => [
  ...(phone === null ? [] : [phone]),
  ...lids.map((lid) => `${lid}@lid`),
];

/** As `chat` and `sender` are written. */
export const jidsOf = ({ phone, lids }: PersonNames): string[] => [
  ...(phone === null ? [] : [`${phone}@s.whatsapp.net`, `${phone}@c.us`]),
  ...lids.map((lid) => `${lid}@lid`),
];

const usersOf = ({ phone, lids }: PersonNames): string[] => [...(phone === null ? [] : [phone]), ...lids];

/** What stands in the place of a name that was struck out. */
export const STRUCK = '[erased]';

/**
 * The person's number or hidden id, wherever it stands in a text: whole, not as a part of a longer number, and not as the founder's number
 * in the id of an old group, which names the group. Indonesians write the number with 0 in the place of 62, too.
 */
export function nameIn(names: PersonNames): RegExp {
  const home = names.phone?.startsWith('62') ? [`0${names.phone.slice(2)}`] : [];
  return new RegExp(`(?<!\\d)(?:${[...usersOf(names), ...home].join('|')})(?!\\d|-\\d+@g\\.us)`, 'g');
}
