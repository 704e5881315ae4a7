// HoldTimeEstimator: a range for a wait, from the last calls of a queue.
// Would catch: an estimate from too little or from yesterday, one queue's pace told for another's, memory without bound.
import fc from 'fast-check';
import { HoldTimeEstimator } from '../../src/asterisk/holdTimeEstimator';
import { ManualClock } from '../../src/util/clock';

function stand(...perPlaceMs: number[]) {
  const clock = new ManualClock();
  const pace = new HoldTimeEstimator(clock);
  for (const ms of perPlaceMs) pace.answered('sales', ms, 1);
  return { clock, pace };
}

test('fewer than three answered calls say nothing', () => {
  const { pace } = stand(1000, 1000);
  expect(pace.waitMs('sales', 1)).toBeUndefined();
  pace.answered('sales', 1000, 1);
  expect(pace.waitMs('sales', 1)).toEqual([1000, 1000]);
});

test('the middle half of what calls waited for each place, times the place', () => {
  const { pace } = stand(50_000, 10_000, 30_000, 20_000, 40_000);
  expect(pace.waitMs('sales', 1)).toEqual([20_000, 40_000]);
  expect(pace.waitMs('sales', 4)).toEqual([80_000, 160_000]);
});

test('between two calls it is interpolated', () => {
  const { pace } = stand(0, 1000, 2000, 3000);
  expect(pace.waitMs('sales', 1)).toEqual([750, 2250]);
});

test('a call that joined far behind waited for each of its places', () => {
  const { pace } = stand();
  for (let i = 0; i < 3; i++) pace.answered('sales', 60_000, 6);
  expect(pace.waitMs('sales', 2)).toEqual([20_000, 20_000]);
});

test('one call that waited for ever does not make the range absurd', () => {
  const { pace } = stand(1000, 1000, 1000, 1000, 1000, 86_400_000);
  expect(pace.waitMs('sales', 1)).toEqual([1000, 1000]);
});

test('only the last twenty calls count', () => {
  const { pace } = stand(...Array<number>(50).fill(90_000), ...Array<number>(20).fill(1000));
  expect(pace.waitMs('sales', 1)).toEqual([1000, 1000]);
  const before = stand(...Array<number>(50).fill(90_000), ...Array<number>(15).fill(1000));
  expect(before.pace.waitMs('sales', 1)).toEqual([1000, 23_250]);
});

test('what was an hour ago does not count', () => {
  const { clock, pace } = stand(90_000, 90_000, 90_000);
  clock.advance(3_599_000);
  expect(pace.waitMs('sales', 1)).toEqual([90_000, 90_000]);
  clock.advance(1000);
  expect(pace.waitMs('sales', 1)).toBeUndefined();
  for (let i = 0; i < 3; i++) pace.answered('sales', 1000, 1);
  expect(pace.waitMs('sales', 1)).toEqual([1000, 1000]);
});

test('queues do not mix, whatever their names', () => {
  const { pace } = stand(1000, 1000, 1000);
  expect(pace.waitMs('support', 1)).toBeUndefined();
  expect(pace.waitMs('__proto__', 1)).toBeUndefined();
});

test('what cannot be is passed over', () => {
  const { pace } = stand();
  for (const [holdMs, position] of [
    [-1, 1],
    [NaN, 1],
    [Infinity, 1],
    [1000, 0],
    [1000, NaN],
    [1000, Infinity],
  ] as const)
    for (let i = 0; i < 3; i++) pace.answered('sales', holdMs, position);
  expect(pace.waitMs('sales', 1)).toBeUndefined();
});

test('a thousand queues are remembered; the one without an answer for longest goes first', () => {
  const { pace } = stand();
  const answer = (queue: string): void => {
    for (let i = 0; i < 3; i++) pace.answered(queue, 1000, 1);
  };
  for (let i = 0; i < 1000; i++) answer(`queue${i}`);
  answer('queue0');
  answer('one more');
  expect(pace.queues).toBe(1000);
  expect(pace.waitMs('queue1', 1)).toBeUndefined();
  expect(pace.waitMs('queue0', 1)).toEqual([1000, 1000]);
});

test('whatever was waited, the range is within it, least first, and grows with the place', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(7_200_000), { minLength: 3, maxLength: 20 }),
      fc.integer({ min: 1, max: 50 }),
      (holds, place) => {
        const { pace } = stand(...holds);
        const [least, most] = pace.waitMs('sales', place)!;
        expect(least).toBeLessThanOrEqual(most);
        expect(least).toBeGreaterThanOrEqual(place * Math.min(...holds));
        expect(most).toBeLessThanOrEqual(place * Math.max(...holds));
        const [leastBehind, mostBehind] = pace.waitMs('sales', place + 1)!;
        expect(leastBehind).toBeGreaterThanOrEqual(least);
        expect(mostBehind).toBeGreaterThanOrEqual(most);
      },
    ),
    { numRuns: 200, seed: 5 },
  );
});
