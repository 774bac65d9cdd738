import { expect, test } from 'vitest';
import { createPlaces } from '../../src/base/places.ts';

test('places are freed by whoever leaves, by the signal, once, and at once by a signal that is over', () => {
  const places = createPlaces<string>(2);
  const never = new AbortController().signal;
  const controller = new AbortController();
  const leave = places.take('a', never);
  expect(places.take('a', controller.signal)).toBeDefined();
  expect(places.take('a', never)).toBeUndefined();
  expect(places.take('b', never)).toBeDefined();

  controller.abort();
  const next = places.take('a', never);
  expect(next).toBeDefined();
  leave?.();
  leave?.();
  expect(places.take('a', never)).toBeDefined();
  expect(places.take('a', never)).toBeUndefined();

  next?.();
  places.take('a', AbortSignal.abort());
  expect(places.take('a', never)).toBeDefined();
});
