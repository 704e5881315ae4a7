// The tone that acknowledges a key: its level, its edges, its band, and what happens when keys are mashed.
// Would catch: a tone that clicks, that is louder than configured, that a telephone takes for a key, or that piles up.
import fc from 'fast-check';
import { KeyTone, sharedTone, toneSamples, type ToneShape } from '../../src/audio/tone';
import { constant, db, joined, largestStep, peak, RATES, rms, sameBytes, toneLevel } from '../support/audio';

const USUAL: ToneShape = { hz: 880, ms: 120, levelDb: -26 };
const DTMF = [697, 770, 852, 941, 1209, 1336, 1477, 1633];

const anyShape = fc.record({
  hz: fc.integer({ min: 300, max: 3000 }),
  ms: fc.integer({ min: 20, max: 500 }),
  levelDb: fc.integer({ min: -60, max: -6 }),
});

test.each(RATES)(
  'at %i Hz, whatever is configured: as long and as loud as it says, and it does not click',
  (rate) => {
    fc.assert(
      fc.property(anyShape, (shape) => {
        const tone = toneSamples(rate, shape);
        expect(tone).toHaveLength(Math.round((shape.ms * rate) / 1000));
        expect(db(peak(tone))).toBeCloseTo(shape.levelDb, 3);
        const most = 10 ** (shape.levelDb / 20);
        expect(Math.abs(tone[0]!)).toBeLessThan(most * 0.02);
        expect(Math.abs(tone.at(-1)!)).toBeLessThan(most * 0.02);
        const padded = joined([constant(0, 10), tone, constant(0, 10)]);
        // The steepest that two partials an octave apart can be, edges included.
        const own = 2 * most * Math.sin(Math.min(Math.PI / 2, (Math.PI * shape.hz) / rate));
        expect(largestStep(padded)).toBeLessThan(own * 2);
      }),
      { numRuns: 60, seed: 5 },
    );
  },
);

test('the same samples each time', () => {
  expect(sameBytes(toneSamples(8000, USUAL), toneSamples(8000, USUAL))).toBe(true);
});

test('it is a tone of its frequency with an octave above it, and nothing that a telephone takes for a key', () => {
  const tone = toneSamples(8000, USUAL);
  const own = toneLevel(tone, 880, 8000);
  expect(toneLevel(tone, 1760, 8000) / own).toBeCloseTo(0.3, 1);
  for (const hz of DTMF) expect(db(toneLevel(tone, hz, 8000) / own)).toBeLessThan(-8);
  // A key is a pair of tones: the high group is as good as absent.
  for (const hz of DTMF.slice(4)) expect(db(toneLevel(tone, hz, 8000) / own)).toBeLessThan(-25);
});

test('an octave that the telephone does not carry is left out', () => {
  const tone = toneSamples(48_000, { hz: 2000, ms: 200, levelDb: -20 });
  expect(toneLevel(tone, 4000, 48_000)).toBeLessThan(0.0001);
});

describe('over what plays', () => {
  const tone = toneSamples(8000, USUAL);
  const mixed = (player: KeyTone, blocks: number): Float32Array => {
    const parts = Array.from({ length: blocks }, () => {
      const block = constant(0.25, 320);
      player.mix(block);
      return block;
    });
    return joined(parts).map((sample) => sample - 0.25);
  };

  test('added from the next sample on, across blocks, once, and nothing else', () => {
    const player = new KeyTone(() => tone);
    expect(peak(mixed(player, 1))).toBe(0);
    player.strike();
    const out = mixed(player, 5);
    for (let i = 0; i < tone.length; i++) expect(Math.abs(out[i]! - tone[i]!)).toBeLessThan(1e-6);
    expect(peak(out, tone.length)).toBe(0);
  });

  test('keys mashed: no click, never more than two at once, and it ends', () => {
    const player = new KeyTone(() => tone);
    const parts = Array.from({ length: 12 }, () => {
      player.strike();
      player.strike();
      return mixed(player, 1);
    });
    const out = joined([...parts, mixed(player, 8)]);
    expect(peak(out)).toBeLessThanOrEqual(2 * peak(tone) + 1e-6);
    expect(largestStep(out)).toBeLessThanOrEqual(2 * largestStep(tone) + 1e-6);
    expect(rms(out, 15 * 320)).toBe(0);
  });
});

test('two struck together end together, and the next key is answered at once', () => {
  const tone = toneSamples(8000, USUAL);
  const player = new KeyTone(() => tone);
  player.strike();
  player.strike();
  for (let i = 0; i < 3; i++) player.mix(new Float32Array(320));
  player.strike();
  player.strike();
  const block = new Float32Array(320);
  player.mix(block);
  expect(
    sameBytes(
      block,
      tone.slice(0, 320).map((sample) => 2 * sample),
    ),
  ).toBe(true);
});

test('callers with the same settings share the samples; other settings have their own', () => {
  expect(sharedTone(8000, USUAL)).toBe(sharedTone(8000, USUAL));
  expect(sameBytes(sharedTone(8000, USUAL), toneSamples(8000, USUAL))).toBe(true);
  const other = { ...USUAL, hz: 700 };
  expect(sameBytes(sharedTone(8000, other), toneSamples(8000, other))).toBe(true);
  expect(sameBytes(sharedTone(16_000, other), toneSamples(16_000, other))).toBe(true);
});
