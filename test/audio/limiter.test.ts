// Limiter: never above the ceiling, and transparent below it.
// Would catch: a peak that slips through, a gain that jumps, a limiter that keeps colouring sound after a peak.
import fc from 'fast-check';
import { Limiter, type LimiterShape } from '../../src/audio/limiter';
import { constant, joined, largestStep, noise, peak, RATES, sameBytes, sine } from '../support/audio';

const CEILING = 10 ** (-3 / 20);
const shapeAt = (rate: number): LimiterShape => ({
  ceiling: CEILING,
  lookahead: (rate / 1000) * 5,
  release: (rate / 1000) * 80,
});
/** A float is not a real number: what rounding may add. */
const ROUNDING = 1 + 1e-6;

/** `input` through a limiter in blocks, without its latency: out[i] belongs to input[i]. */
function limited(input: Float32Array, limiter: Limiter, block = 320): Float32Array {
  const all = new Float32Array(input.length + limiter.latency);
  all.set(input);
  for (let at = 0; at < all.length; at += block) limiter.process(all.subarray(at, at + block));
  return all.subarray(limiter.latency);
}

const run = (input: Float32Array, rate = 8000, block = 320): Float32Array =>
  limited(input, new Limiter(shapeAt(rate)), block);

describe.each(RATES)('at %i Hz', (rate) => {
  test('its latency is the look-ahead, and what is below the ceiling passes bit by bit', () => {
    expect(new Limiter(shapeAt(rate)).latency).toBe(rate / 200);
    const quiet = noise(1, CEILING, rate);
    expect(sameBytes(run(quiet, rate), quiet)).toBe(true);
  });

  test.each([
    ['loud noise', noise(2, 4, 24_000)],
    ['impulses', Float32Array.from({ length: 24_000 }, (_, i) => (i % 777 === 0 ? 8 : 0.01))],
    ['a loud sine', sine(440, 2.5, 48_000, rate)],
    ['a square wave', Float32Array.from({ length: 24_000 }, (_, i) => (i % 40 < 20 ? 3 : -3))],
    ['one peak in silence', Float32Array.from({ length: 4000 }, (_, i) => (i === 1000 ? -5 : 0))],
  ])('%s never comes out above the ceiling', (_, input) => {
    const out = run(input, rate);
    expect(peak(out)).toBeLessThanOrEqual(CEILING * ROUNDING);
    expect(peak(out)).toBeGreaterThan(CEILING * 0.98);
  });

  test('its gain never steps: down within the look-ahead, up much slower', () => {
    const steady = 0.1;
    const input = constant(steady, rate);
    const at = Math.round(rate / 2);
    input[at] = 2;
    const gain = run(input, rate).map((out, i) => (i === at ? NaN : out / input[i]!));
    gain[at] = (gain[at - 1]! + gain[at + 1]!) / 2;
    const lookahead = rate / 200;
    const lowest = CEILING / 2;
    expect(gain[at]).toBeCloseTo(lowest, 1);
    expect(largestStep(gain)).toBeLessThan(((1 - lowest) / lookahead) * 1.05);
    expect(largestStep(gain, at + lookahead + 2)).toBeLessThan(((1 - lowest) / (rate * 0.08)) * 1.05);
    expect(gain.subarray(0, at - lookahead - 1).every((value) => value === 1)).toBe(true);
  });

  test('a second after the last peak it passes sound bit by bit again', () => {
    const limiter = new Limiter(shapeAt(rate));
    limited(noise(3, 3, rate), limiter);
    limited(new Float32Array(rate), limiter);
    const quiet = noise(4, CEILING, rate);
    expect(sameBytes(limited(quiet, limiter), quiet)).toBe(true);
  });
});

test('any signal, any blocks: never above the ceiling, never louder than it came, the same in any blocks', () => {
  const burst = fc.record({
    length: fc.integer({ min: 1, max: 600 }),
    level: fc.double({ min: 0, max: 30, noNaN: true }),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(
      fc.array(burst, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 700 }),
      fc.integer({ min: 1, max: 100 }),
      (bursts, block, lookahead) => {
        const input = joined(bursts.map(({ length, level, seed }) => noise(seed, level, length)));
        const shape = { ...shapeAt(8000), lookahead };
        const out = limited(input, new Limiter(shape), block);
        expect(peak(out)).toBeLessThanOrEqual(CEILING * ROUNDING);
        expect(out.every((sample, i) => Math.abs(sample) <= Math.abs(input[i]!) * ROUNDING)).toBe(true);
        expect(out.every((sample, i) => sample * input[i]! >= 0)).toBe(true);
        expect(sameBytes(limited(input, new Limiter(shape), 320), out)).toBe(true);
      },
    ),
    { numRuns: 100, seed: 6 },
  );
});

test('much loud sound does not make its arithmetic drift', () => {
  const limiter = new Limiter(shapeAt(8000));
  for (let i = 0; i < 30; i++)
    expect(peak(limited(noise(i, 2, 8000), limiter))).toBeLessThanOrEqual(CEILING * ROUNDING);
  limited(new Float32Array(8000), limiter);
  const quiet = noise(99, 0.5, 8000);
  expect(sameBytes(limited(quiet, limiter), quiet)).toBe(true);
});

/** The same limiter as plainly as it can be written: all is worked out anew for each sample. */
function plainly(input: Float32Array, { ceiling, lookahead, release }: LimiterShape): Float32Array {
  const step = 1 - Math.exp(-1 / release);
  const needs = Array.from(input, (sample) => Math.min(1, ceiling / Math.abs(sample)));
  let released = 1;
  const gains = needs.map((_, i) => {
    const least = Math.min(...needs.slice(Math.max(0, i - lookahead), i + 1));
    const rising = released + (1 - released) * step;
    return (released = Math.min(least, rising > 0.9999 ? 1 : rising));
  });
  return input.map((sample, i) => {
    const [from, to] = [i + 1, Math.min(i + 1 + lookahead, gains.length)];
    const sum = gains.slice(from, to).reduce((all, gain) => all + gain, 0);
    return sample * ((sum + (i + 1 + lookahead - to) * 1) / lookahead);
  });
}

test('it does what a limiter written plainly does, no more and no less', () => {
  const parts = fc.array(
    fc.record({
      length: fc.integer({ min: 1, max: 300 }),
      level: fc.constantFrom(0, 0.3, 0.8, 2, 20),
      seed: fc.nat(1000),
    }),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(parts, fc.integer({ min: 1, max: 60 }), (bursts, lookahead) => {
      const quiet = new Float32Array(lookahead + 2);
      const input = joined([...bursts.map(({ length, level, seed }) => noise(seed, level, length)), quiet]);
      const shape = { ...shapeAt(8000), lookahead };
      const out = limited(input, new Limiter(shape));
      const expected = plainly(input, shape);
      const furthest = out.reduce((most, sample, i) => Math.max(most, Math.abs(sample - expected[i]!)), 0);
      expect(furthest).toBeLessThan(1e-5);
    }),
    { numRuns: 60, seed: 9 },
  );
});
