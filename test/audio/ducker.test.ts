// Ducker: the gain of the music under a voice, sample by sample.
// Would catch: a wrong depth, a jump in gain, pumping in short gaps, a release that starts anew from the wrong level.
import fc from 'fast-check';
import { Ducker, type DuckerShape } from '../../src/audio/ducker';
import { constant, db, joined, largestStep, RATES, sameBytes } from '../support/audio';

const shapeAt = (rate: number): DuckerShape => ({
  depthDb: 20,
  attack: 0.3 * rate,
  hold: 0.8 * rate,
  release: rate,
});

/** Gains in dB for the next `length` samples, rendered in odd blocks. */
function run(ducker: Ducker, length: number, block = 333): Float32Array {
  const out = constant(1, length);
  for (let at = 0; at < length; at += block) ducker.apply(out.subarray(at, at + block));
  return out.map((gain) => db(gain));
}

/** The steepest a smooth movement over `samples` may be: a raised cosine has π/2 times the mean slope. */
const allowance = (depthDb: number, samples: number): number =>
  ((depthDb * Math.PI) / 2 / samples) * 1.02 + 1e-4;

describe.each(RATES)('at %i Hz', (rate) => {
  const shape = shapeAt(rate);

  test('nothing is changed before the first voice', () => {
    const music = constant(0.7, rate);
    new Ducker(shape).apply(music);
    expect(music).toEqual(constant(0.7, rate));
  });

  test('down by exactly the depth after exactly the time that engage promises, and smoothly', () => {
    const ducker = new Ducker(shape);
    const left = ducker.engage();
    expect(left).toBe(shape.attack);
    const curve = run(ducker, left + rate);
    expect(curve[left - 1]).toBeCloseTo(-20, 4);
    expect(curve.every((gain) => gain > -20.001)).toBe(true);
    expect(curve.slice(left).every((gain) => Math.abs(gain + 20) < 1e-4)).toBe(true);
    expect(curve[0]).toBeGreaterThan(-0.1);
    expect(curve[Math.round(left / 2)]).toBeCloseTo(-10, 0);
    expect(curve.every((gain, i) => i === 0 || gain <= curve[i - 1]! + 1e-5)).toBe(true);
    expect(largestStep(curve)).toBeLessThan(allowance(20, shape.attack));
    expect(ducker.engage()).toBe(0);
    expect(ducker.gainDb).toBeCloseTo(-20, 6);
  });

  test('held for the hold, then up over the release, smoothly, all the way', () => {
    const ducker = new Ducker(shape);
    run(ducker, ducker.engage());
    ducker.disengage();
    const curve = run(ducker, 2 * rate);
    expect(curve.slice(0, shape.hold).every((gain) => Math.abs(gain + 20) < 1e-4)).toBe(true);
    const half = shape.hold + shape.release / 2;
    expect(curve[half]).toBeCloseTo(-10, 0);
    expect(curve[shape.hold + shape.release]).toBe(0);
    expect(curve[shape.hold + shape.release - Math.round(rate * 0.1)]).toBeLessThan(-0.1);
    expect(largestStep(curve)).toBeLessThan(allowance(20, shape.release));
  });

  test('a gap shorter than the hold is not heard in the music', () => {
    const ducker = new Ducker(shape);
    run(ducker, ducker.engage());
    for (const gapMs of [40, 250, 500, 790]) {
      ducker.disengage();
      const gap = run(ducker, (gapMs / 1000) * rate);
      expect(ducker.engage()).toBe(0);
      expect(joined([gap, run(ducker, rate)]).every((gain) => Math.abs(gain + 20) < 1e-4)).toBe(true);
    }
  });

  test('engaged again in mid-release: on from where it is, down in proportionally less time', () => {
    const ducker = new Ducker(shape);
    run(ducker, ducker.engage());
    ducker.disengage();
    const before = run(ducker, shape.hold + shape.release / 2);
    const left = ducker.engage();
    expect(left).toBeGreaterThan(0.4 * shape.attack);
    expect(left).toBeLessThan(0.6 * shape.attack);
    const after = run(ducker, left + 10);
    expect(after[left - 1]).toBeCloseTo(-20, 4);
    expect(largestStep(joined([before, after]))).toBeLessThan(allowance(20, shape.attack));
  });

  test('a voice that is called off on its way comes back up at once', () => {
    const ducker = new Ducker(shape);
    ducker.engage();
    const before = run(ducker, shape.attack / 2);
    ducker.disengage();
    const curve = run(ducker, shape.release);
    expect(curve.at(-1)).toBe(0);
    expect(largestStep(joined([before, curve]))).toBeLessThan(allowance(20, shape.attack));
  });
});

test('however it is driven, gain stays within its range and never steps; blocks do not matter', () => {
  const act = fc.record({ engage: fc.boolean(), samples: fc.integer({ min: 1, max: 9000 }) });
  fc.assert(
    fc.property(
      fc.array(act, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 900 }),
      fc.double({ min: 0.5, max: 60, noNaN: true }),
      (acts, block, depthDb) => {
        const shape = { ...shapeAt(8000), depthDb };
        const all = [block, 320].map((size) => {
          const ducker = new Ducker(shape);
          const parts = acts.map(({ engage, samples }) => {
            if (engage) ducker.engage();
            else ducker.disengage();
            return run(ducker, samples, size);
          });
          return joined(parts);
        });
        expect(sameBytes(all[0]!, all[1]!)).toBe(true);
        expect(all[0]!.every((gain) => gain <= 0 && gain >= -depthDb - 0.001)).toBe(true);
        expect(largestStep(joined([constant(0, 1), all[0]!]))).toBeLessThan(allowance(depthDb, shape.attack));
      },
    ),
    { numRuns: 40, seed: 4 },
  );
});

test('what engage promises is kept from any state', () => {
  const script = fc.array(fc.integer({ min: 1, max: 9000 }), { maxLength: 6 });
  fc.assert(
    fc.property(script, (waits) => {
      const ducker = new Ducker(shapeAt(8000));
      waits.forEach((wait, i) => {
        if (i % 2 === 0) ducker.engage();
        else ducker.disengage();
        run(ducker, wait);
      });
      run(ducker, ducker.engage());
      expect(ducker.gainDb).toBeCloseTo(-20, 6);
    }),
    { numRuns: 100, seed: 5 },
  );
});

test('degenerate figures: no depth, no hold, no times', () => {
  const flat = new Ducker({ depthDb: 0, attack: 2400, hold: 800, release: 1000 });
  flat.engage();
  expect(run(flat, 5000).every((gain) => gain === 0)).toBe(true);
  flat.disengage();
  expect(run(flat, 5000).every((gain) => gain === 0)).toBe(true);
  const sudden = new Ducker({ depthDb: 12, attack: 0, hold: 0, release: 0 });
  expect(sudden.engage()).toBe(0);
  expect(run(sudden, 10).every((gain) => Math.abs(gain + 12) < 1e-4)).toBe(true);
  sudden.disengage();
  expect(run(sudden, 10).at(-1)).toBe(0);
});
