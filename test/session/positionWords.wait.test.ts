// Which range of minutes a caller hears for an estimate.
// Would catch: an estimate without a rung, a longer one with a lower rung, a range that leaves the estimate out.
import fc from 'fast-check';
import { WAIT_RUNGS, waitRung } from '../../src/session/positionWords';

const promptOf = (least: number, most: number): string | undefined => {
  const rung = waitRung([least * 60_000, most * 60_000]);
  return rung === undefined ? undefined : WAIT_RUNGS[rung]!.prompt;
};
const minutes = fc.double({ min: 0, max: 300, noNaN: true });

test.each([
  [0, 0, 'wait-under-1'],
  [0, 1, 'wait-under-1'],
  [0.5, 1.5, 'wait-1-2'],
  [1, 2, 'wait-1-2'],
  [2, 3, 'wait-2-3'],
  [3, 5, 'wait-3-5'],
  [5, 10, 'wait-5-10'],
  [10, 15, 'wait-10-15'],
  [15, 20, 'wait-15-20'],
  [20, 30, 'wait-20-30'],
  [30, 45, 'wait-30-45'],
  [45, 60, 'wait-45-60'],
  [60, 60, 'wait-over-60'],
  [60, 600, 'wait-over-60'],
  [2.9, 3.2, 'wait-3-5'],
  [8, 14, 'wait-10-15'],
])('an estimate of %d to %d minutes: %s', (least, most, prompt) => {
  expect(promptOf(least, most)).toBe(prompt);
});

test('each rung begins where the one below ends, and holds its own beginning', () => {
  WAIT_RUNGS.slice(0, -1).forEach(({ belowMinutes }, i) => {
    expect(promptOf(belowMinutes, belowMinutes)).toBe(WAIT_RUNGS[i + 1]!.prompt);
    expect(promptOf(belowMinutes - 0.001, belowMinutes - 0.001)).toBe(WAIT_RUNGS[i]!.prompt);
  });
  const ends = WAIT_RUNGS.map(({ belowMinutes }) => belowMinutes);
  expect(ends).toEqual([...ends].sort((a, b) => a - b));
});

test('every estimate has a rung, it holds the estimate’s middle, and a longer one never has a lower rung', () => {
  fc.assert(
    fc.property(minutes, minutes, minutes, minutes, (least, spread, more, wider) => {
      const rung = waitRung([least * 60_000, (least + spread) * 60_000])!;
      const middle = least + spread / 2;
      expect(middle).toBeLessThan(WAIT_RUNGS[rung]!.belowMinutes + 1e-9);
      expect(middle).toBeGreaterThanOrEqual((WAIT_RUNGS[rung - 1]?.belowMinutes ?? 0) - 1e-9);
      const longer: [number, number] = [(least + more) * 60_000, (least + spread + more + wider) * 60_000];
      expect(waitRung(longer)).toBeGreaterThanOrEqual(rung);
    }),
    { numRuns: 500, seed: 2 },
  );
});

test.each([
  [-5, -1, 'wait-under-1'],
  [0, Infinity, 'wait-over-60'],
  [NaN, 5, undefined],
  [-Infinity, Infinity, undefined],
])('an estimate of %d to %d minutes does no harm', (least, most, prompt) => {
  expect(promptOf(least, most)).toBe(prompt);
});
