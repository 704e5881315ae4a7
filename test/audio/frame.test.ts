// Frames, quantising, gain and clips from memory: the small change of the engine.
// Would catch: a frame of the wrong size for Asterisk, a sample that wraps round instead of clipping.
import fc from 'fast-check';
import { encodeS16, frameBytes, frameSamples, samplesOf } from '../../src/audio/frame';
import { gainOfDb } from '../../src/audio/gain';
import { memoryClip } from '../../src/audio/source';
import { noise, sameBytes } from '../support/audio';

const encoded = (...samples: number[]): number[] => {
  const out = new Int16Array(samples.length);
  encodeS16(Float32Array.from(samples), out);
  return [...out];
};

test('a Frame is 40 ms: one read of Asterisk', () => {
  expect([frameSamples(8000), frameSamples(16_000), frameSamples(48_000)]).toEqual([320, 640, 1920]);
  expect(frameBytes(8000)).toBe(640);
  expect(samplesOf(300, 8000)).toBe(2400);
  expect(samplesOf(5, 48_000)).toBe(240);
});

test('quantising rounds, and clips instead of wrapping round', () => {
  expect(encoded(0, 1 / 32768, -1 / 32768, 0.5)).toEqual([0, 1, -1, 16384]);
  expect(encoded(1, 1.5, 1e9, Infinity)).toEqual([32767, 32767, 32767, 32767]);
  expect(encoded(-1, -1.5, -1e9, -Infinity)).toEqual([-32768, -32768, -32768, -32768]);
  expect(encoded(NaN)).toEqual([0]);
});

test('what was 16 bit comes back as it was', () => {
  const all = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
  const floats = new Float32Array(all.length);
  memoryClip('all', all).open().read(floats, 0, all.length);
  const back = new Int16Array(all.length);
  encodeS16(floats, back);
  expect(sameBytes(back, all)).toBe(true);
});

test('the error of quantising is at most half a step', () => {
  const samples = noise(1, 0.99, 10_000);
  const out = new Int16Array(samples.length);
  encodeS16(samples, out);
  expect(samples.every((sample, i) => Math.abs(sample * 32768 - out[i]!) <= 0.5)).toBe(true);
});

test('dB and gain', () => {
  expect(gainOfDb(0)).toBe(1);
  expect(gainOfDb(-20)).toBeCloseTo(0.1, 12);
  fc.assert(
    fc.property(fc.double({ min: -120, max: 40, noNaN: true }), (value) => {
      expect(20 * Math.log10(gainOfDb(value))).toBeCloseTo(value, 9);
    }),
  );
});

test('a clip from memory can be opened many times, anywhere, and ends where it ends', () => {
  const samples = noise(2, 1, 1000);
  const clip = memoryClip('x', samples, 'X');
  expect([clip.id, clip.title, clip.samples]).toEqual(['x', 'X', 1000]);
  const out = new Float32Array(1200).fill(9);
  const [one, other] = [clip.open(), clip.open(900)];
  expect(other.read(out, 0, 60)).toBe(60);
  expect(out.subarray(0, 60)).toEqual(samples.subarray(900, 960));
  expect(one.read(out, 100, 500)).toBe(500);
  expect(out.subarray(100, 600)).toEqual(samples.subarray(0, 500));
  expect(out[60]).toBe(9);
  expect(other.read(out, 0, 60)).toBe(40);
  expect(other.read(out, 0, 60)).toBe(0);
});

test('any float is rounded as Math.round does, halves and the smallest ones too', () => {
  const values = [0.5, 1.5, 2.5, 32766.5, 32767.4, 32767.5, 0.49999997, 1e-30, 1e-7, 32768.5];
  const corners = values.flatMap((value) => [value, -value]).map((value) => value / 32768);
  const samples = Float32Array.from([...corners, ...noise(5, 1.2, 20_000), ...noise(6, 1e-4, 5000)]);
  const expected = [...samples].map((sample) => {
    const scaled = Math.round(sample * 32768);
    return Math.max(-32768, Math.min(32767, scaled)) + 0;
  });
  expect(encoded(...samples)).toEqual(expected);
});
