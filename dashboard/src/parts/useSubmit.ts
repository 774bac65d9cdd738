import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { ApiFailure } from '../api/failure.ts';
import { noteEndedSession } from '../queries.ts';
import { fieldSentence } from './failures.ts';

/** Sends a form: the sentences of the fields go to the fields, the rest is kept as `failure` to be shown above the button. */
export function useSubmit<V extends object>(form: UseFormReturnType<V>) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const submit = (send: (values: V) => Promise<unknown>) =>
    form.onSubmit(async (values) => {
      setBusy(true);
      setFailure(undefined);
      try {
        await send(values);
      } catch (error) {
        noteEndedSession(error);
        const shown = error instanceof ApiFailure ? fieldErrors(error, Object.keys(values)) : {};
        form.setErrors(shown);
        if (Object.keys(shown).length === 0) setFailure(error);
      } finally {
        setBusy(false);
      }
    });
  return { busy, failure, setFailure, submit };
}

const fieldErrors = (error: ApiFailure, fields: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(error.errors).flatMap(([field, [sentence]]) =>
      fields.includes(field) && sentence !== undefined ? [[field, fieldSentence(sentence)]] : [],
    ),
  );
