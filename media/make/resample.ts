// Changing the sample rate by whole numbers with long windowed sincs: down to the telephone's 8 kHz, up for true peaks.
// Our own, so that the music comes out byte for byte the same whatever ffmpeg a machine has.

/** Mono floats in [-1, 1]. */
export type Samples = Float32Array<ArrayBuffer>;

/** Highest frequency that reaches the telephone; from 4 kHz on everything is down by 85 dB. Hz. */
export const BAND_EDGE_HZ = 3400;

/** Low-pass at the band edge, then one sample of every `from / to`. */
export function resampleDown(samples: Samples, from: number, to: number): Samples {
  const factor = from / to;
  const stopHz = to / 2;
  const kernel = sincKernel((BAND_EDGE_HZ + stopHz) / 2 / from, (stopHz - BAND_EDGE_HZ) / from);
  const half = (kernel.length - 1) / 2;
  return Float32Array.from({ length: Math.floor(samples.length / factor) }, (_, n) => {
    let sum = 0;
    for (let k = 0; k < kernel.length; k++) sum += kernel[k]! * (samples[n * factor + k - half] ?? 0);
    return sum;
  });
}

/** `factor` samples for each one; what is between the samples, where a converter's true peak is. */
export function resampleUp(samples: Samples, factor: number): Samples {
  const kernel = sincKernel(0.5 / factor, 0.12 / factor);
  const half = (kernel.length - 1) / 2;
  const padded = new Float64Array(samples.length * factor + 2 * half);
  for (let m = 0; m < samples.length; m++) {
    const sample = factor * samples[m]!;
    for (let k = 0; k < kernel.length; k++) padded[m * factor + k]! += sample * kernel[k]!;
  }
  return Float32Array.from(padded.subarray(half, half + samples.length * factor));
}

/** A sinc under a Kaiser window (85 dB), of unit gain. Frequencies as fractions of the rate. */
function sincKernel(cutoff: number, transition: number): Float64Array {
  const attenuationDb = 85;
  const beta = 0.1102 * (attenuationDb - 8.7);
  const half = Math.ceil((attenuationDb - 7.95) / (14.36 * transition) / 2);
  const kernel = Float64Array.from({ length: 2 * half + 1 }, (_, k) => {
    const t = k - half;
    const sinc = t === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * t) / (Math.PI * t);
    return sinc * (bessel(beta * Math.sqrt(1 - (t / half) ** 2)) / bessel(beta));
  });
  const sum = kernel.reduce((total, x) => total + x, 0);
  return kernel.map((x) => x / sum);
}

/** Modified Bessel function of order 0, by its series. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let n = 1; term > 1e-12 * sum; n++) {
    term *= (x / (2 * n)) ** 2;
    sum += term;
  }
  return sum;
}
