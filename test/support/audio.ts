// Measures and materials for tests of sound: levels, steps, tones, seeded noise, clips that fail on purpose.
// A test judges what the samples say, not what the code meant: all audio laws are measured with these few functions.
import type { SampleRate } from '../../src/audio/frame';
import { memoryClip, type Clip, type Reader } from '../../src/audio/source';

export const RATES: readonly SampleRate[] = [8000, 16000, 48000];

type Samples = Float32Array | Int16Array;

// Inside Jest's sandbox every use of a global costs a look-up, which counts a million times over.
const { abs, sin, cos, PI } = Math;

/** A sine of peak `amplitude`; `samples` long. */
export function sine(hz: number, amplitude: number, samples: number, rate: number): Float32Array {
  return Float32Array.from(
    { length: samples },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / rate),
  );
}

/** Uniform white noise in (-peak, peak), a linear congruential generator's. */
export function noise(seed: number, peak: number, samples: number): Float32Array {
  const out = new Float32Array(samples);
  let state = ((seed * 2_654_435_761) % 4_294_967_296) + 12_345;
  for (let i = 0; i < samples; i++) {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    out[i] = peak * (state / 2_147_483_648 - 1);
  }
  return out;
}

export function constant(value: number, samples: number): Float32Array {
  return new Float32Array(samples).fill(value);
}

export function rms(x: Samples, from = 0, to = x.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += x[i]! ** 2;
  return Math.sqrt(sum / (to - from));
}

export function db(ratio: number): number {
  return 20 * Math.log10(ratio);
}

export function peak(x: Samples, from = 0, to = x.length): number {
  let most = 0;
  for (let i = from; i < to; i++) {
    const level = abs(x[i]!);
    if (level > most) most = level;
  }
  return most;
}

/** Largest step from one sample to the next in [from, to); the step into `from` counts too. */
export function largestStep(x: Samples, from = 0, to = x.length): number {
  let most = 0;
  for (let i = from > 1 ? from : 1; i < to; i++) {
    const step = abs(x[i]! - x[i - 1]!);
    if (step > most) most = step;
  }
  return most;
}

/** Amplitude of the tone at `hz` in [from, to), by correlation with sine and cosine (one Goertzel bin). */
export function toneLevel(x: Samples, hz: number, rate: number, from = 0, to = x.length): number {
  const turn = (2 * PI * hz) / rate;
  let re = 0;
  let im = 0;
  for (let i = from; i < to; i++) {
    re += x[i]! * cos(turn * i);
    im += x[i]! * sin(turn * i);
  }
  return (2 * Math.hypot(re, im)) / (to - from);
}

/** Blocks one after another. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Whether two stretches are the same bit by bit (quicker than Jest's comparison). */
export function sameBytes(x: Samples, y: Samples): boolean {
  const bytes = (samples: Samples): Buffer =>
    Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return bytes(x).equals(bytes(y));
}

/** Normalised correlation of two stretches of sound: 1 is the same but for level, 0 unrelated. */
export function correlation(x: Samples, y: Samples, xFrom: number, yFrom: number, length: number): number {
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < length; i++) {
    const a = x[xFrom + i]!;
    const b = y[yFrom + i]!;
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return xx && yy ? xy / Math.sqrt(xx * yy) : 0;
}

/** Level of each window, dB over full scale; what is left over at the end is not measured. */
export function windowLevels(x: Samples, window: number): number[] {
  const count = Math.floor(x.length / window);
  return Array.from({ length: count }, (_, i) => db(rms(x, i * window, (i + 1) * window)));
}

/** Length of the longest run of samples below `level`. */
export function longestBelow(x: Samples, level: number): number {
  let run = 0;
  let longest = 0;
  for (let i = 0; i < x.length; i++) {
    run = abs(x[i]!) < level ? run + 1 : 0;
    if (run > longest) longest = run;
  }
  return longest;
}

export const sineClip = (
  id: string,
  hz: number,
  amplitude: number,
  samples: number,
  rate: SampleRate = 8000,
): Clip => memoryClip(id, sine(hz, amplitude, samples, rate));

export const noiseClip = (id: string, seed: number, level: number, samples: number): Clip =>
  memoryClip(id, noise(seed, level, samples));

/** A clip of any length from one period: hours of music without the memory. */
export function periodicClip(id: string, period: Float32Array, samples: number): Clip {
  return {
    id,
    title: id,
    samples,
    open(fromSample = 0) {
      let at = fromSample;
      return {
        read(out, offset, length) {
          const count = Math.max(0, Math.min(length, samples - at));
          for (let i = 0, p = at % period.length; i < count; i++) {
            out[offset + i] = period[p]!;
            if (++p === period.length) p = 0;
          }
          at += count;
          return count;
        },
        close() {},
      };
    },
  };
}

/** One second of a sine of whole Hz, to repeat for ever, as a clip. */
export const longSine = (
  id: string,
  hz: number,
  amplitude: number,
  samples: number,
  rate: SampleRate = 8000,
) => periodicClip(id, sine(hz, amplitude, rate, rate), samples);

/** One second of noise, to repeat for ever, as a clip. */
export const longNoise = (id: string, seed: number, level: number, samples = 4_000_000) =>
  periodicClip(id, noise(seed, level, 8000), samples);

/** A clip that cannot be opened. */
export function brokenClip(id: string, samples = 80_000): Clip {
  return {
    id,
    title: id,
    samples,
    open() {
      throw new Error(`${id} is gone`);
    },
  };
}

/** A clip that claims its length but whose Readers end after `yields` samples. */
export function shortenedClip(clip: Clip, yields: number): Clip {
  return {
    ...clip,
    open(fromSample = 0) {
      const reader = clip.open(fromSample);
      let at = fromSample;
      return {
        read(out, offset, length) {
          const count = reader.read(out, offset, Math.max(0, Math.min(length, yields - at)));
          at += count;
          return count;
        },
        close: () => reader.close(),
      };
    },
  };
}

/** Counts what is opened and closed; each Reader has to be closed once. */
export class OpenCount {
  opened = 0;
  closed = 0;
  closedTwice = 0;
  readAfterClose = 0;
  /** The most Readers that were open at once. */
  most = 0;

  get open(): number {
    return this.opened - this.closed;
  }

  wrap(clip: Clip): Clip {
    return {
      ...clip,
      open: (fromSample) => {
        const reader = clip.open(fromSample);
        this.opened++;
        this.most = Math.max(this.most, this.open);
        return this.#count(reader);
      },
    };
  }

  #count(reader: Reader): Reader {
    let closed = false;
    return {
      read: (out, offset, length) => {
        if (closed) this.readAfterClose++;
        return reader.read(out, offset, length);
      },
      close: () => {
        if (closed) this.closedTwice++;
        else this.closed++;
        closed = true;
        reader.close();
      },
    };
  }
}
