// Fade and edge fades: the curves that every join is made of.
// Would catch: a crossfade that dips or swells, a turned-round fade that jumps, a clip that starts with a click.
import fc from 'fast-check';
import { shapeEdges } from '../../src/audio/edges';
import { Fade } from '../../src/audio/fade';
import { constant, largestStep } from '../support/audio';

/** Gains of the fade for the next `length` samples. */
function gains(fade: Fade, length: number, block = 320): Float32Array {
  const out = new Float32Array(length);
  const ones = constant(1, block);
  for (let at = 0; at < length; at += block) fade.mix(ones, out, at, Math.min(block, length - at), 1);
  return out;
}

/** The worst distance of the summed power from 1. */
function powerError(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, gain, i) => Math.max(most, Math.abs(gain ** 2 + b[i]! ** 2 - 1)), 0);
}

describe.each([40, 240, 2000, 24_000, 144_000])('a fade of %i samples', (length) => {
  test('two in opposite directions keep the power', () => {
    const up = new Fade(0);
    const down = new Fade(1);
    up.up(length);
    down.down(length);
    const [a, b] = [gains(up, length + 400), gains(down, length + 400)];
    expect(powerError(a, b)).toBeLessThan(1e-4);
    expect(a[0]).toBeCloseTo(0, 3);
    expect(a[length + 1]).toBeCloseTo(1, 6);
    expect(b[length + 1]).toBeCloseTo(0, 6);
    expect(up.silent).toBe(false);
    expect(down.silent).toBe(true);
  });

  test('it is half way, −3 dB, in the middle and moves one way only', () => {
    const up = new Fade(0);
    up.up(length);
    const curve = gains(up, length);
    expect(curve[length / 2]).toBeCloseTo(Math.SQRT1_2, 1);
    expect(curve.every((gain, i) => i === 0 || gain >= curve[i - 1]! - 1e-7)).toBe(true);
    expect(largestStep(curve)).toBeLessThan((Math.PI / 2 / length) * 1.01 + 1e-7);
  });
});

test('turned round anywhere, any number of times, in any blocks: the power stays and nothing steps', () => {
  const script = fc.record({
    length: fc.integer({ min: 40, max: 3000 }),
    turns: fc.array(fc.integer({ min: 1, max: 2500 }), { minLength: 1, maxLength: 6 }),
    block: fc.integer({ min: 1, max: 700 }),
  });
  fc.assert(
    fc.property(script, ({ length, turns, block }) => {
      const [a, b] = [new Fade(0), new Fade(1)];
      const [allA, allB]: [number[], number[]] = [[], []];
      turns.forEach((samples, i) => {
        const [rising, falling] = i % 2 === 0 ? [a, b] : [b, a];
        rising.up(length);
        falling.down(length);
        allA.push(...gains(a, samples, block));
        allB.push(...gains(b, samples, block));
      });
      const [x, y] = [Float32Array.from(allA), Float32Array.from(allB)];
      expect(powerError(x, y)).toBeLessThan(1e-3);
      expect(largestStep(x)).toBeLessThan((Math.PI / 2 / length) * 1.01 + 1e-6);
      expect(largestStep(y)).toBeLessThan((Math.PI / 2 / length) * 1.01 + 1e-6);
    }),
    { numRuns: 60, seed: 2 },
  );
});

test('a fade that falls faster already is not slowed down', () => {
  const fade = new Fade(1);
  fade.down(100);
  gains(fade, 50);
  fade.down(10_000);
  expect(gains(fade, 60)[55]).toBeCloseTo(0, 6);
  expect(fade.silent).toBe(true);
});

test('mix adds, at its offset, with its gain, and touches nothing else', () => {
  const out = constant(0.25, 10);
  new Fade(1).mix(constant(0.5, 4), out, 3, 4, 0.5);
  expect([...out]).toEqual([0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
  new Fade(0).mix(constant(1, 10), out, 0, 10, 1);
  expect(out[9]).toBe(0.25);
});

describe('edges', () => {
  const shaped = (total: number, edge: number, blocks: number[], start = 0): Float32Array => {
    const clip = constant(1, total - start);
    for (let at = 0, i = 0; at < clip.length; i++) {
      const length = Math.min(blocks[i % blocks.length]!, clip.length - at);
      shapeEdges(clip, at, length, start + at, { start, total, edge });
      at += length;
    }
    return clip;
  };

  test('whatever the blocks, the curve is the same, near zero at both ends and untouched between', () => {
    const whole = shaped(4000, 40, [4000]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }), (blocks) => {
        expect(shaped(4000, 40, blocks)).toEqual(whole);
      }),
      { numRuns: 40, seed: 3 },
    );
    expect(whole[0]).toBeLessThan(0.01);
    expect(whole[3999]).toBeLessThan(0.01);
    expect(whole.subarray(40, 3960).every((sample) => sample === 1)).toBe(true);
    expect(largestStep(whole)).toBeLessThan(Math.PI / 2 / 40 + 0.001);
  });

  test('a clip begun in its middle has its edge there', () => {
    const clip = shaped(4000, 40, [320], 1000);
    expect(clip[0]).toBeLessThan(0.01);
    expect(clip[40]).toBe(1);
  });

  test('a clip shorter than two edges is quieter, not clicking', () => {
    const clip = shaped(50, 40, [7]);
    expect(clip[0]).toBeLessThan(0.01);
    expect(clip[49]).toBeLessThan(0.01);
    expect(largestStep(clip)).toBeLessThan(Math.PI / 2 / 40 + 0.001);
  });
});

test.each([7, 640, 24_000, 144_000])(
  'a fade of %i samples is a quarter sine to the last bit of a float',
  (length) => {
    const fade = new Fade(0);
    fade.up(length);
    expect(fade.full).toBe(false);
    const curve = gains(fade, length + 10);
    const furthest = curve.reduce(
      (most, gain, i) => Math.max(most, Math.abs(gain - Math.sin((Math.min(1, i / length) * Math.PI) / 2))),
      0,
    );
    expect(furthest).toBeLessThan(1e-7);
    expect(fade.full).toBe(true);
    fade.down(length);
    expect(fade.full).toBe(false);
  },
);

test('a fade that ends within a block leaves the rest as it should be: all, or nothing', () => {
  const up = new Fade(0);
  up.up(100);
  expect(
    gains(up, 320)
      .slice(100)
      .every((gain) => gain === 1),
  ).toBe(true);
  const down = new Fade(1);
  down.down(100);
  expect(
    gains(down, 320)
      .slice(101)
      .every((gain) => gain === 0),
  ).toBe(true);
});
