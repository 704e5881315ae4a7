// Loudness, peaks and the limiter: brings a rendering to the level that Holdcast plays at, and measures it.
// Loudness is ITU-R BS.1770-4's, as ffmpeg's ebur128 measures it; our own, so that making music needs no ffmpeg.
import { encodeS16 } from '../../src/audio/frame';
import { biquad } from './filters';
import { resampleUp, type Samples } from './resample';

/** Under Jest a look-up of a global costs a microsecond, and the limiter looks at every sample a hundred times. */
const { abs, max, min } = Math;

/** True peaks are looked for between the samples, at four times the rate. */
const OVERSAMPLING = 4;
/** How far the limiter stays below the peak allowed: meters differ by a few tenths of a dB. */
const PEAK_MARGIN_DB = 0.3;
const LIMITER_WINDOW_SEC = 0.006;

export function decibels(gain: number): number {
  return 20 * Math.log10(gain);
}

export function linear(gainDb: number): number {
  return 10 ** (gainDb / 20);
}

/** Largest magnitude, of the samples themselves; dBFS. */
export function samplePeakDb(samples: Samples): number {
  return decibels(samples.reduce((peak, x) => (x > peak ? x : -x > peak ? -x : peak), 0));
}

/** Largest magnitude, of the curve through the samples; dBTP. */
export function truePeakDb(samples: Samples): number {
  return samplePeakDb(resampleUp(samples, OVERSAMPLING));
}

/**
 * Integrated loudness, LUFS. What is shorter than three seconds is measured in a loop, since two or three
 * 400 ms blocks are no measurement.
 */
export function loudnessLufs(samples: Samples, rate: number): number {
  const upRate = rate * OVERSAMPLING;
  const heard = resampleUp(repeated(samples, 3 * rate), OVERSAMPLING);
  const blocks = blockPowers(kWeighted(heard, upRate), upRate);
  const ungated = blocks.filter((power) => lufs(power) > -70);
  const gateLufs = lufs(mean(ungated)) - 10;
  return lufs(mean(ungated.filter((power) => lufs(power) > gateLufs)));
}

function lufs(power: number): number {
  return -0.691 + 10 * Math.log10(power);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length);
}

function repeated(samples: Samples, atLeast: number): Samples {
  if (samples.length >= atLeast || samples.length === 0) return samples;
  const times = Math.ceil(atLeast / samples.length);
  return Float32Array.from({ length: samples.length * times }, (_, i) => samples[i % samples.length]!);
}

/** Mean power of each 400 ms, a new block every 100 ms. */
function blockPowers(samples: Samples, rate: number): number[] {
  const [block, step] = [Math.round(0.4 * rate), Math.round(0.1 * rate)];
  const powers: number[] = [];
  for (let start = 0; start + block <= samples.length; start += step) {
    let sum = 0;
    for (let i = start; i < start + block; i++) sum += samples[i]! ** 2;
    powers.push(sum / block);
  }
  return powers;
}

/** BS.1770's two filters for any rate: the head's high shelf and the low cut. */
function kWeighted(samples: Samples, rate: number): Samples {
  const shelf = Math.tan((Math.PI * 1681.974450955533) / rate);
  const [shelfQ, high] = [0.7071752369554196, 10 ** (3.999843853973347 / 20)];
  const band = high ** 0.4996667741545416;
  const s0 = 1 + shelf / shelfQ + shelf ** 2;
  const shelved = biquad(
    samples,
    [
      (high + (band * shelf) / shelfQ + shelf ** 2) / s0,
      (2 * (shelf ** 2 - high)) / s0,
      (high - (band * shelf) / shelfQ + shelf ** 2) / s0,
    ],
    [(2 * (shelf ** 2 - 1)) / s0, (1 - shelf / shelfQ + shelf ** 2) / s0],
  );
  const cut = Math.tan((Math.PI * 38.13547087602444) / rate);
  const cutQ = 0.5003270373238773;
  const c0 = 1 + cut / cutQ + cut ** 2;
  return biquad(shelved, [1, -2, 1], [(2 * (cut ** 2 - 1)) / c0, (1 - cut / cutQ + cut ** 2) / c0]);
}

/** Brings `samples` to `targetLufs`, no true peak above `peakDbtp`; a limiter takes what sticks out. */
export function levelled(samples: Samples, rate: number, targetLufs: number, peakDbtp: number): Samples {
  const source = samples;
  let gainDb = 0;
  let result = source;
  for (let pass = 0; pass < 4; pass++) {
    gainDb += targetLufs - loudnessLufs(result, rate);
    const gain = linear(gainDb);
    result = limited(
      source.map((x) => x * gain),
      rate,
      linear(peakDbtp - PEAK_MARGIN_DB),
    );
  }
  return result;
}

/** A limiter that looks ahead: the gain a peak needs is there before the peak, and comes and goes in a smooth curve. */
export function limited(samples: Samples, rate: number, ceiling: number): Samples {
  const between = resampleUp(samples, OVERSAMPLING);
  const needed = samples.map((_, i) => {
    let peak = 0;
    for (let k = i * OVERSAMPLING; k < (i + 1) * OVERSAMPLING; k++) peak = max(peak, abs(between[k]!));
    return min(1, ceiling / max(peak, 1e-9));
  });
  const half = Math.round(LIMITER_WINDOW_SEC * rate);
  const lowest = needed.map((_, i) => {
    let low = 1;
    for (let k = max(0, i - half); k <= min(needed.length - 1, i + half); k++) low = min(low, needed[k]!);
    return low;
  });
  const window = Array.from(
    { length: 2 * half - 1 },
    (_, k) => 0.5 - 0.5 * Math.cos((Math.PI * (k + 1)) / half),
  );
  const sum = window.reduce((total, x) => total + x, 0);
  return samples.map((x, i) => {
    let gain = 0;
    for (let k = 0; k < window.length; k++) {
      gain += (window[k]! / sum) * lowest[min(lowest.length - 1, max(0, i + k - half + 1))]!;
    }
    return x * gain;
  });
}

/** Floats as they will be in the file: 16 bits. */
export function quantised(samples: Samples): Int16Array<ArrayBuffer> {
  const encoded = new Int16Array(samples.length);
  encodeS16(samples, encoded);
  return encoded;
}

/** 16-bit samples back to floats, for measuring what is really in the file. */
export function floats(samples: Int16Array): Samples {
  return Float32Array.from(samples, (x) => x / 32768);
}
