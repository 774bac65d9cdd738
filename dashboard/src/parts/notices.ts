import { notifications } from '@mantine/notifications';
import { announce } from './announce.ts';
import { sentenceOf } from './failures.ts';

/** A short word that something was done. */
export function done(sentence: string): void {
  announce(sentence);
  notifications.show({ message: sentence, color: 'gate', autoClose: 4_000, className: 'passing-notice' });
}

/** Something that was asked for by a click did not work; it stays longer, because it is to be read. */
export function failed(error: unknown, title?: string): void {
  const what = title === undefined ? {} : { title };
  notifications.show({ ...what, message: sentenceOf(error), color: 'red', autoClose: 10_000, role: 'alert' });
}
