/** The seed of this run: WAGATE_TEST_SEED, or a new one. It is printed with each failure. */
export const testSeed = (): number => Number(process.env.WAGATE_TEST_SEED ?? Math.floor(Math.random() * 1_000_000));
