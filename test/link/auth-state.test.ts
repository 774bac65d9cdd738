import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openAuthState } from '../../src/whatsapp/auth-state.ts';
import { createMemory, type PlainMemory } from '../support/memory.ts';

const signal = { forget: () => undefined, exclusively: <T>(work: () => Promise<T>) => work() };
const open = (memory: PlainMemory) =>
  openAuthState({
    memory,
    signal,
    onUnreadable: (error) => {
      throw error;
    },
    onUnsaved: () => undefined,
  });
const pair = { private: new Uint8Array(32), public: new Uint8Array(32) };

describe('what Baileys keeps of a connection', () => {
  it('is not written over that of the next one, once the connection has ended', async () => {
    const memory = createMemory();
    const before = await open(memory);
    await before.saveCreds();
    await before.end();
    const next = await open(memory);
    next.creds.nextPreKeyId = 31;
    await next.saveCreds();
    await next.keys.set({ 'pre-key': { 30: pair } });
    const { creds, writes } = memory;

    before.creds.nextPreKeyId = 6;
    await before.saveCreds();
    await expect(before.keys.set({ 'pre-key': { 30: pair } })).rejects.toMatchObject({ code: 'closed' });
    await expect(before.keys.set({ session: { 'a.0': null } })).rejects.toMatchObject({ code: 'closed' });
    expect(memory.creds).toEqual(creds);
    expect(memory.writes).toBe(writes);
    await expect(before.credsSaved()).resolves.toBeUndefined();
  });

  it('is written as far as it was begun, before the end is through', async () => {
    const read = Promise.withResolvers<void>();
    const plain = createMemory();
    const memory: PlainMemory = {
      ...plain,
      async readKeys(type, ids) {
        await read.promise;
        return plain.readKeys(type, ids);
      },
    };
    const auth = await open(memory);
    // As Baileys keeps its index of privacy tokens when its socket ends.
    const kept = (async () => {
      await auth.keys.get('tctoken', ['__index']);
      await auth.keys.set({ tctoken: { a: null } });
    })();
    const saved = auth.saveCreds();
    const ended = auth.end();
    for (let turn = 0; turn < 3; turn++) await setImmediate();
    read.resolve();
    await ended;
    expect(plain.writes).toBe(1);
    expect(plain.creds).toBeDefined();
    await Promise.all([kept, saved]);
  });
});
