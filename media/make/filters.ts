// First- and second-order filters, from the Audio EQ Cookbook (Bristow-Johnson).
// Instruments, the master bus, speech and the loudness meter are all made of these few.
import type { Samples } from './resample';

/** Gentle low-pass, 6 dB an octave. */
export function onePole(samples: Samples, rate: number, cutoffHz: number): Samples {
  const keep = Math.exp((-2 * Math.PI * cutoffHz) / rate);
  let state = 0;
  return samples.map((x) => (state = (1 - keep) * x + keep * state));
}

/** Second-order Butterworth high-pass, 12 dB an octave. */
export function highPass(samples: Samples, rate: number, cutoffHz: number): Samples {
  const omega = (2 * Math.PI * cutoffHz) / rate;
  const alpha = Math.sin(omega) * Math.SQRT1_2;
  const [cos, a0] = [Math.cos(omega), 1 + alpha];
  const b = (1 + cos) / 2 / a0;
  return biquad(samples, [b, -2 * b, b], [(-2 * cos) / a0, (1 - alpha) / a0]);
}

/** Band-pass with a peak of 0 dB. */
export function resonator(samples: Samples, rate: number, centreHz: number, q: number): Samples {
  const omega = (2 * Math.PI * centreHz) / rate;
  const alpha = Math.sin(omega) / (2 * q);
  const a0 = 1 + alpha;
  return biquad(samples, [alpha / a0, 0, -alpha / a0], [(-2 * Math.cos(omega)) / a0, (1 - alpha) / a0]);
}

/** Any second-order section; `a` without its leading 1. */
export function biquad(
  samples: Samples,
  b: readonly [number, number, number],
  a: readonly [number, number],
): Samples {
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  return samples.map((x) => {
    const y = b[0] * x + b[1] * x1 + b[2] * x2 - a[0] * y1 - a[1] * y2;
    [x2, x1, y2, y1] = [x1, x, y1, y];
    return y;
  });
}

/** Lifts everything above `cornerHz` by `gainDb`, in a gentle slope. */
export function highShelf(samples: Samples, rate: number, cornerHz: number, gainDb: number): Samples {
  const omega = (2 * Math.PI * cornerHz) / rate;
  const root = 10 ** (gainDb / 40);
  const cos = Math.cos(omega);
  const slope = 2 * Math.sqrt(root) * Math.sin(omega) * Math.SQRT1_2;
  const a0 = root + 1 - (root - 1) * cos + slope;
  return biquad(
    samples,
    [
      (root * (root + 1 + (root - 1) * cos + slope)) / a0,
      (-2 * root * (root - 1 + (root + 1) * cos)) / a0,
      (root * (root + 1 + (root - 1) * cos - slope)) / a0,
    ],
    [(2 * (root - 1 - (root + 1) * cos)) / a0, (root + 1 - (root - 1) * cos - slope) / a0],
  );
}
