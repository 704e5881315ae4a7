// Back from a recording to the names of the clips that it was put together from: what exactly was a caller told?
// Clips of one sentence follow each other without a gap, so once the first is found each next one has one place to be.
import { PAUSE } from '../../../src/speech/spoken';
import { levelDb } from './change';
import { spectrum, transform, type Spectrum } from './fft';
import type { Sources } from './exact';

/** Stands for sound in the middle of a sentence that is none of the clips. */
export const UNKNOWN = '?';

/** Something that was said without a break, but for pauses: a sentence, or a whole recording. */
export interface Utterance {
  /** Its first sample, and the one behind its last. */
  readonly at: number;
  readonly to: number;
  /** Names of clips and PAUSE, one space between: "your-balance-is twenty one dollars". */
  readonly text: string;
}

export interface Repertoire {
  /** Clips that sentences are put together from. */
  readonly words: Sources;
  /** Recordings that are said alone. */
  readonly prompts?: Sources;
}

interface Clip {
  readonly name: string;
  readonly samples: Int16Array;
  /** Root of its energy, and the energy of its head. */
  readonly norm: number;
  readonly headEnergy: number;
  readonly alone: boolean;
}

interface Place {
  readonly clip: Clip;
  readonly at: number;
  /** Normalised correlation, to 1. */
  readonly score: number;
}

/** The right clip over ducked music comes out at 0.99; of two different ones "m" and "n" are most alike, 0.92. */
const LEAST = 0.96;
const HEAD_LEAST = 0.9;
/** Mean square, 70 dB below full scale: nobody speaks so low, and in silence itself rounding would look like a clip. */
const SILENCE = 100;
/** What a speaker's breath is worth: 250 ms at 8 kHz. */
const PAUSE_SAMPLES = 2000;
/** Samples by which a clip may stand beside its place. */
const SLACK = 2;
/** Matches of several clips this near are one place, and the most alike has it. */
const NEAR = 400;
/** Shorter than the pause between two announcements, and after it the music is still down: a voice stands out. */
const AFTER = 1600;
const VOICE_DB = -36;
/** A first clip is looked for by its beginning, half a second, in blocks of two seconds. */
const HEAD = 4096;
const BLOCK = 1 << 14;

export class Transcriber {
  readonly #clips: readonly Clip[];
  readonly #heads: readonly Heads[];

  /** @throws Error when two clips have one name, since nobody could tell what was said */
  constructor({ words, prompts = {} }: Repertoire) {
    const twice = Object.keys(words).filter((name) => name in prompts);
    if (twice.length > 0) throw new Error(`clips and prompts of one name: ${twice.join(', ')}`);
    const clip =
      (alone: boolean) =>
      ([name, samples]: [string, Int16Array]): Clip => {
        const sums = energies(samples);
        const headEnergy = sums[Math.min(HEAD, samples.length)]!;
        return { name, samples, norm: Math.sqrt(sums.at(-1)!), headEnergy, alone };
      };
    this.#clips = [...Object.entries(words).map(clip(false)), ...Object.entries(prompts).map(clip(true))];
    this.#heads = this.#clips.flatMap((one, i) => (i % 2 === 0 ? [headsOf(one, this.#clips[i + 1])] : []));
  }

  /** All that was said, in order. What is cut off in the middle of a clip is not found. */
  transcribe(heard: Int16Array): Utterance[] {
    const utterances: Utterance[] = [];
    for (let from = 0; ;) {
      const first = this.#first(heard, from);
      if (!first) return utterances;
      const utterance = this.#follow(heard, first);
      utterances.push(utterance);
      from = utterance.to;
    }
  }

  /** A sentence from its first clip on. */
  #follow(heard: Int16Array, first: Place): Utterance {
    const names: string[] = [];
    let to = first.at;
    for (let next: Place | undefined = first; next; next = this.#next(heard, to)) {
      if (next.at > to + SLACK) names.push(PAUSE);
      names.push(next.clip.name);
      to = next.at + next.clip.samples.length;
      if (next.clip.alone) break;
    }
    if (levelDb(heard, to, Math.min(to + AFTER, heard.length)) > VOICE_DB) names.push(UNKNOWN);
    return { at: first.at, to, text: names.join(' ') };
  }

  #next(heard: Int16Array, to: number): Place | undefined {
    return this.#bestAt(heard, to) ?? this.#bestAt(heard, to + PAUSE_SAMPLES);
  }

  #bestAt(heard: Int16Array, place: number): Place | undefined {
    let best: Place | undefined;
    for (const clip of this.#clips.filter(({ alone }) => !alone))
      for (let at = Math.max(0, place - SLACK); at <= place + SLACK; at++) {
        const score = alike(heard, at, clip);
        if (score >= LEAST && score > (best?.score ?? 0)) best = { clip, at, score };
      }
    return best;
  }

  /** The first clip at `from` or later. */
  #first(heard: Int16Array, from: number): Place | undefined {
    for (let start = from; start < heard.length; start += BLOCK - HEAD) {
      const places = this.#placesIn(heard, start);
      if (places.length === 0) continue;
      const first = Math.min(...places.map(({ at }) => at));
      return places.filter(({ at }) => at <= first + NEAR).sort((a, b) => b.score - a.score)[0];
    }
    return undefined;
  }

  /** Of each clip the place where it begins first in a block. */
  #placesIn(heard: Int16Array, start: number): Place[] {
    const block = heard.subarray(start, start + BLOCK);
    const own = spectrum(BLOCK);
    own.re.set(block);
    transform(own);
    const sums = energies(block);
    return this.#heads.flatMap(({ one, other, both }) => {
      const dots = timesConjugate(own, both);
      transform(dots, true);
      const found = [place(heard, start, one, dots.re, sums)];
      if (other) found.push(place(heard, start, other, dots.im, sums));
      return found.filter((one) => one !== undefined);
    });
  }
}

/** The beginnings of two clips in one transform, that of the second in its imaginary part. */
interface Heads {
  readonly one: Clip;
  readonly other: Clip | undefined;
  readonly both: Spectrum;
}

function headsOf(one: Clip, other: Clip | undefined): Heads {
  const both = spectrum(BLOCK);
  both.re.set(one.samples.subarray(0, HEAD));
  // Its conjugate is multiplied with: so the sign comes out right.
  if (other) both.im.set(other.samples.subarray(0, HEAD).map((sample) => -sample));
  transform(both);
  return { one, other, both };
}

/** a times the conjugate of b. */
function timesConjugate(a: Spectrum, b: Spectrum): Spectrum {
  const result = spectrum(a.re.length);
  for (let i = 0; i < a.re.length; i++) {
    result.re[i] = a.re[i]! * b.re[i]! + a.im[i]! * b.im[i]!;
    result.im[i] = a.im[i]! * b.re[i]! - a.re[i]! * b.im[i]!;
  }
  return result;
}

/**
 * Where a clip begins first in the block of `heard` that begins at `start`.
 * @param dots products of the clip's head with the block, at each place
 * @param sums energies of the block
 */
function place(
  heard: Int16Array,
  start: number,
  clip: Clip,
  dots: Float64Array,
  sums: Float64Array,
): Place | undefined {
  const length = Math.min(HEAD, clip.samples.length);
  // Compared as squares, and without a word that the test environment would have to look up: this runs a million times.
  const least = HEAD_LEAST ** 2 * clip.headEnergy;
  let best: Place | undefined;
  let last = Math.min(BLOCK - HEAD, sums.length - 1 - length);
  for (let i = 0; i <= last; i++) {
    const dot = dots[i]!;
    const energy = sums[i + length]! - sums[i]!;
    if (dot <= 0 || energy < SILENCE * length || dot * dot < least * energy) continue;
    const score = alike(heard, start + i, clip);
    if (score < LEAST || score <= (best?.score ?? 0)) continue;
    last = Math.min(last, (best ? best.at - start : i) + NEAR);
    best = { clip, at: start + i, score };
  }
  return best;
}

function alike(heard: Int16Array, at: number, { samples, norm }: Clip): number {
  if (at + samples.length > heard.length) return 0;
  let dot = 0;
  let energy = 0;
  for (let i = 0; i < samples.length; i++) {
    const sample = heard[at + i]!;
    dot += sample * samples[i]!;
    energy += sample * sample;
  }
  return energy > 0 ? dot / (norm * Math.sqrt(energy)) : 0;
}

/** Energy of samples[0, i) at i. */
function energies(samples: Int16Array): Float64Array {
  const sums = new Float64Array(samples.length + 1);
  for (let i = 0; i < samples.length; i++) sums[i + 1] = sums[i]! + samples[i]! ** 2;
  return sums;
}
