// Pauses grow to their longest and begin anew after a success; jitter keeps many processes apart.
// A pause that overflows, or never grows short again, would hammer a server or forget it.
import { Backoff } from '../../src/util/backoff';
import { inTime, LATE } from '../../src/util/inTime';
import { ManualClock } from '../../src/util/clock';

test('pauses double up to the longest, and begin anew after a reset', () => {
  const backoff = new Backoff([100, 1000], () => 1);
  const pauses = (): number[] => Array.from({ length: 6 }, () => backoff.nextMs());
  expect(pauses()).toEqual([100, 200, 400, 800, 1000, 1000]);
  for (let i = 0; i < 5000; i++) backoff.nextMs();
  expect(backoff.nextMs()).toBe(1000);
  backoff.reset();
  expect(pauses()).toEqual([100, 200, 400, 800, 1000, 1000]);
});

test('jitter takes half of a pause at most', () => {
  expect(new Backoff([100, 1000], () => 0).nextMs()).toBe(50);
});

test('what comes in time counts, what fails in time fails, what comes late is nobody’s', async () => {
  const clock = new ManualClock();
  expect(await inTime(clock, 10, Promise.resolve(1))).toBe(1);
  await expect(inTime(clock, 10, Promise.reject(new Error('no')))).rejects.toThrow('no');
  let fail: (error: Error) => void = () => {};
  const late = inTime(clock, 10, new Promise((_, reject) => (fail = reject)));
  expect(clock.pending).toBe(1);
  clock.advance(10);
  fail(new Error('too late'));
  expect(await late).toBe(LATE);
});
