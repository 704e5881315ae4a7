// Finding a recording in what was heard, whatever its level and whatever lies under it: normalised cross-correlation.
// 1 is the same but for level, 0 unrelated; a voice over music that is ducked by 20 dB comes out above 0.9.
import { powerOfTwo, spectrum, transform, type Spectrum } from './fft';
import type { Sources } from './exact';

/** Looked up once: in Jest each use of a global word costs more than the root. */
const { sqrt } = Math;

export interface Match {
  /** Sample of `heard` at which the pattern begins. */
  readonly at: number;
  /** 0 to 1. */
  readonly score: number;
}

/** Every place where `heard` has the pattern, in order; of places nearer than a pattern's length the best. */
export function find(heard: Int16Array, pattern: Int16Array, least = 0.7): Match[] {
  const scores = correlation(heard, pattern);
  const matches: Match[] = [];
  for (let at = 0; at < scores.length; at++) {
    const score = scores[at]!;
    if (score < least) continue;
    const last = matches.at(-1);
    if (!last || at - last.at >= pattern.length) matches.push({ at, score });
    else if (score > last.score) matches[matches.length - 1] = { at, score };
  }
  return matches;
}

/** Where in which source a stretch of sound comes from; undefined when no source has it. */
export function locate(
  stretch: Int16Array,
  sources: Sources,
  least = 0.7,
): { source: string; at: number; score: number } | undefined {
  const found = Object.entries(sources).flatMap(([source, samples]) =>
    find(samples, stretch, least).map((match) => ({ source, ...match })),
  );
  return found.sort((a, b) => b.score - a.score)[0];
}

/** Normalised correlation of the pattern with each stretch of `heard` that is as long as it. */
function correlation(heard: Int16Array, pattern: Int16Array): Float64Array {
  const count = heard.length - pattern.length + 1;
  if (count <= 0) return new Float64Array(0);
  const size = powerOfTwo(heard.length);
  const both = product(spectrumOf(heard, size), spectrumOf(pattern, size));
  transform(both, true);
  const own = Math.sqrt(energyOf(pattern));
  const scores = new Float64Array(count);
  let energy = energyOf(heard.subarray(0, pattern.length));
  for (let at = 0; at < count; at++) {
    scores[at] = energy > 0 ? both.re[at]! / (own * sqrt(energy)) : 0;
    energy += (heard[at + pattern.length] ?? 0) ** 2 - heard[at]! ** 2;
  }
  return scores;
}

function spectrumOf(samples: Int16Array, size: number): Spectrum {
  const result = spectrum(size);
  result.re.set(samples);
  transform(result);
  return result;
}

/** a times the conjugate of b, in a. */
function product(a: Spectrum, b: Spectrum): Spectrum {
  for (let i = 0; i < a.re.length; i++) {
    const re = a.re[i]! * b.re[i]! + a.im[i]! * b.im[i]!;
    a.im[i] = a.im[i]! * b.re[i]! - a.re[i]! * b.im[i]!;
    a.re[i] = re;
  }
  return a;
}

function energyOf(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample ** 2;
  return sum;
}
