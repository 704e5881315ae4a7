// Samples and gains as points, one a pixel column: the level in dBFS and the ducking in dB.
// A call of two hours has 57 million samples and 1460 columns; each column must still tell the truth.
import { FRAME_MS, type Call } from './call';
import type { Point, Scale } from './paper';

const LEVEL_WINDOW_MS = 400;

/** Sums of squares up to each 10 ms, so that the RMS of any stretch costs two look-ups. */
function energySums(samples: Int16Array, rate: number): { hop: number; sums: Float64Array } {
  const hop = Math.max(1, Math.round(rate / 100));
  const sums = new Float64Array(Math.ceil(samples.length / hop) + 1);
  for (let block = 0; block + 1 < sums.length; block++) {
    let sum = 0;
    const end = Math.min(samples.length, (block + 1) * hop);
    for (let i = block * hop; i < end; i++) sum += samples[i]! * samples[i]!;
    sums[block + 1] = sums[block]! + sum;
  }
  return { hop, sums };
}

/** Level in dBFS at each pixel column: RMS over 400 ms around it, or over the column where that is longer. */
export function levelPoints(call: Call, scale: Scale, y: (db: number) => number): Point[] {
  const { samples, rate } = call.input;
  const { hop, sums } = energySums(samples, rate);
  const halfMs = Math.max(LEVEL_WINDOW_MS, scale.ms(scale.left + 1) - scale.fromMs) / 2;
  const blockAt = (ms: number): number =>
    Math.max(0, Math.min(sums.length - 1, Math.round((ms / 1000) * (rate / hop))));
  const points: Point[] = [];
  for (let x = scale.left; x <= scale.x(call.lengthMs); x++) {
    const [from, to] = [blockAt(scale.ms(x) - halfMs), blockAt(scale.ms(x) + halfMs)];
    const count = Math.max(1, Math.min(samples.length, to * hop) - from * hop);
    const rms = Math.sqrt((sums[to]! - sums[from]!) / count) / 32768;
    points.push([x, y(rms > 0 ? 20 * Math.log10(rms) : -Infinity)]);
  }
  return points;
}

/** The gain curve; where a column holds many Frames, the deepest, so that no duck is lost in a long call. */
export function duckPoints(gains: Float32Array, scale: Scale, y: (db: number) => number): Point[] {
  const points: Point[] = [];
  const frameAt = (x: number): number => scale.ms(x) / FRAME_MS;
  for (let x = scale.left; x <= scale.right && frameAt(x) < gains.length; x++) {
    const [at, next] = [frameAt(x), frameAt(x + 1)];
    const first = gains[Math.floor(at)] ?? 0;
    const share = at - Math.floor(at);
    let value = first + ((gains[Math.floor(at) + 1] ?? first) - first) * share;
    for (let i = Math.ceil(at); i < next && i < gains.length; i++) value = Math.min(value, gains[i]!);
    points.push([x, y(value)]);
  }
  return points;
}
