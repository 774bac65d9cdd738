/** 6281234567890 → +62 812-3456-7890. What is no number (a group, a LID) stays as it is. */
export function phone(digits: string): string {
  if (!/^\d{8,15}$/.test(digits)) return digits;
  if (!digits.startsWith('62')) return `+${digits}`;
  const rest = digits.slice(2);
  const groups = [rest.slice(0, 3), rest.slice(3, 7), rest.slice(7)].filter((group) => group !== '');
  return `+62 ${groups.join('-')}`;
}

const CHAT = /^\+?\d{5,30}(-\d{5,20})?@(s\.whatsapp\.net|c\.us|g\.us|lid|newsletter)$/i;

/** Whether it is a whole number, however it is written, or the id of a chat: the server refuses what is still being typed. */
export function isWholeNumber(text: string): boolean {
  return CHAT.test(text.trim()) || /^\+?\d{8,17}$/.test(text.replace(/[\s().\-/\u2010-\u2015\u2212]/g, ''));
}
