// The first thing that a caller hears after a key: where what they hear leaves the music that went on until then.
// The music is known bit by bit, so it can be taken away; what is left is the tone, the duck, or the other track.
import { spectrum, transform } from './fft';
import { drift, type Run, type Sources } from './exact';

const RATE = 8000;
/** Levels are measured over 5 ms. */
const WINDOW = 40;
/** Neither tracks nor voices have anything above. */
const CLICK_HZ = 3600;

/** RMS over full scale, dB. */
export function levelDb(samples: Int16Array | Float64Array, from = 0, to = samples.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += (samples[i]! / 32768) ** 2;
  return 10 * Math.log10(sum / Math.max(1, to - from));
}

/** heard[from, to) without the music of `run`, had it gone on. */
export function without(
  heard: Int16Array,
  run: Run,
  sources: Sources,
  from: number,
  to: number,
): Float64Array {
  const source = sources[run.source]!;
  return Float64Array.from({ length: Math.min(to, heard.length) - from }, (_, i) => {
    return heard[from + i]! - (source[run.at + from + i - run.from] ?? 0);
  });
}

/**
 * The sample at which something else than the music of `run` has been heard for 5 ms at `leastDb` or more; undefined
 * when nothing is. −40 dBFS is 16 dB under music of −24: heard by anybody who waits for an answer.
 */
export function audibleFrom(
  heard: Int16Array,
  run: Run,
  sources: Sources,
  leastDb = -40,
): number | undefined {
  const rest = without(heard, run, sources, run.to, heard.length);
  for (let at = 0; at + WINDOW <= rest.length; at++)
    if (levelDb(rest, at, at + WINDOW) >= leastDb) return run.to + at + WINDOW;
  return undefined;
}

/** Level of a tone in samples[from, to), dB over full scale (its RMS), by one Goertzel bin. */
export function toneDb(
  samples: Int16Array | Float64Array,
  hz: number,
  from = 0,
  to = samples.length,
): number {
  let re = 0;
  let im = 0;
  for (let i = from; i < to; i++) {
    re += samples[i]! * Math.cos((2 * Math.PI * hz * i) / RATE);
    im += samples[i]! * Math.sin((2 * Math.PI * hz * i) / RATE);
  }
  const peak = (2 * Math.hypot(re, im)) / Math.max(1, to - from) / 32768;
  return 20 * Math.log10(peak / Math.SQRT2);
}

/**
 * The loudest click, dB over full scale: energy above the band that all media have, where only a step in the wave
 * puts any. Below −90 in what is whole; music with 20 ms missing makes about −70, a crack −50.
 */
export function clickDb(samples: Int16Array): number {
  let most = -Infinity;
  const size = 256;
  const from = Math.ceil((CLICK_HZ * size) / RATE);
  for (let at = 0; at + size <= samples.length; at += size / 2) {
    const block = spectrum(size);
    for (let i = 0; i < size; i++) block.re[i] = (samples[at + i]! / 32768) * blackman(i, size);
    transform(block);
    let energy = 0;
    for (let i = from; i < size / 2; i++) energy += block.re[i]! ** 2 + block.im[i]! ** 2;
    most = Math.max(most, 10 * Math.log10((2 * energy) / size ** 2));
  }
  return most;
}

function blackman(i: number, size: number): number {
  const turn = (2 * Math.PI * (i + 0.5)) / size;
  return 0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn);
}

/** Joints at which music of the same source jumped: samples lost (positive) or heard twice (negative). */
export function jumps(runs: readonly Run[]): { at: number; samples: number }[] {
  return runs.slice(1).flatMap((after, i) => {
    const before = runs[i]!;
    const samples = before.source === after.source ? drift(before, after) : 0;
    return samples === 0 ? [] : [{ at: after.from, samples }];
  });
}
