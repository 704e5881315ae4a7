// The three pieces: rendered the same each time, the shipped files are these renderings, loops without holes.
// A caller hears them for minutes, so their edges and their levels are laws.
import { join } from 'node:path';
import { renderPiece } from '../../media/make/compose';
import { decibels } from '../../media/make/level';
import { readSamples } from '../../media/make/manifest';
import { pieces } from '../../media/make/pieces';

const RATE = 8000;
const MUSIC = join(__dirname, '../../media/music');

function rmsDb(samples: Float32Array): number {
  return decibels(Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length) + 1e-9);
}

/** How alike two signals are, whatever their levels: 1 is the same. */
function likeness(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe.each(pieces.map((piece) => [piece.name, piece] as const))('%s', (name, piece) => {
  const shipped = readSamples(join(MUSIC, `${name}.wav`));
  const excerpt = renderPiece(piece, 2);

  test('renders the same samples each time', () => {
    expect(excerpt.length).toBe(2 * RATE);
    expect(Buffer.from(renderPiece(piece, 2).buffer).equals(Buffer.from(excerpt.buffer))).toBe(true);
  });

  test('is what was shipped', () => {
    const samples = Math.round(1.5 * RATE);
    expect(Math.abs(shipped.length - piece.seconds * RATE)).toBeLessThan(2);
    expect(likeness(excerpt.subarray(0, samples), shipped.subarray(0, samples))).toBeGreaterThan(0.999);
  });

  test('sounds within 100 ms of both ends, and begins and ends without a click', () => {
    const edge = RATE / 10;
    expect(rmsDb(shipped.subarray(0, edge))).toBeGreaterThan(-50);
    expect(rmsDb(shipped.subarray(-edge))).toBeGreaterThan(-50);
    expect(Math.abs(shipped[0]!)).toBeLessThan(0.002);
    expect(Math.abs(shipped.at(-1)!)).toBeLessThan(0.002);
  });

  test('keeps its level: no half second is 10 dB away from the whole', () => {
    const whole = rmsDb(shipped);
    for (let at = 0; at + RATE / 2 <= shipped.length; at += RATE / 2) {
      expect(Math.abs(rmsDb(shipped.subarray(at, at + RATE / 2)) - whole)).toBeLessThan(10);
    }
  });

  test('follows itself through a 3 s equal-power crossfade without a hole or a jump', () => {
    const overlap = 3 * RATE;
    const joined = Float32Array.from({ length: overlap }, (_, i) => {
      const angle = (Math.PI / 2) * (i / overlap);
      return shipped[shipped.length - overlap + i]! * Math.cos(angle) + shipped[i]! * Math.sin(angle);
    });
    for (let at = 0; at < overlap; at += RATE / 2) {
      expect(Math.abs(rmsDb(joined.subarray(at, at + RATE / 2)) - rmsDb(shipped))).toBeLessThan(8);
    }
  });
});
