// The fast Fourier transform, radix 2: correlation over minutes of sound, and noise made to measure.
// In place, on separate real and imaginary parts whose length is a power of two.

export interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The least power of two that is at least `length`. */
export function powerOfTwo(length: number): number {
  let size = 1;
  while (size < length) size *= 2;
  return size;
}

export function spectrum(size: number): Spectrum {
  return { re: new Float64Array(size), im: new Float64Array(size) };
}

const { cos, sin, PI } = Math;

/** Transforms in place; with `inverse` back again, divided by the length. */
export function transform({ re, im }: Spectrum, inverse = false): void {
  const size = re.length;
  reorder(re, im);
  const direction = inverse ? 1 : -1;
  const { re: turnRe, im: turnIm } = turnsOf(size);
  for (let half = 1; half < size; half *= 2) {
    const stride = size / (2 * half);
    for (let from = 0; from < size; from += 2 * half) {
      for (let i = 0, t = 0; i < half; i++, t += stride) {
        const a = from + i;
        const b = a + half;
        const tIm = direction * turnIm[t]!;
        const bRe = re[b]! * turnRe[t]! - im[b]! * tIm;
        const bIm = re[b]! * tIm + im[b]! * turnRe[t]!;
        re[b] = re[a]! - bRe;
        im[b] = im[a]! - bIm;
        re[a]! += bRe;
        im[a]! += bIm;
      }
    }
  }
  if (!inverse) return;
  for (let i = 0; i < size; i++) {
    re[i]! /= size;
    im[i]! /= size;
  }
}

/** Kept by size: a transcription transforms hundreds of times. */
const turns = new Map<number, Spectrum>();

/** The first half of the circle in `size` steps. */
function turnsOf(size: number): Spectrum {
  const known = turns.get(size);
  if (known) return known;
  const half = spectrum(size / 2);
  for (let i = 0; i < size / 2; i++) {
    half.re[i] = cos((2 * PI * i) / size);
    half.im[i] = sin((2 * PI * i) / size);
  }
  turns.set(size, half);
  return half;
}

/** Puts each value where its index has the bits in the opposite order. */
function reorder(re: Float64Array, im: Float64Array): void {
  for (let i = 1, j = 0; i < re.length; i++) {
    let bit = re.length >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j]!, re[i]!];
    [im[i], im[j]] = [im[j]!, im[i]!];
  }
}
