// Waiting for what is to come, on real time: an e2e test awaits what happens, and says what did not.
// Times are milliseconds.

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const LOOK_EVERY_MS = 10;

/** Waits until `condition` holds. @throws Error that says what did not happen, after `limitMs` */
export async function until(
  what: () => string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 15_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what()}`);
    await sleep(LOOK_EVERY_MS);
  }
}
