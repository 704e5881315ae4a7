// Which recordings of the library a caller heard, bit by bit: runs in which every sample is a source's next one.
// Music under no fade and no duck leaves the product unchanged, so a lost sample ends a run and shows in the next one.

export type Sources = Readonly<Record<string, Int16Array>>;

/** heard[from, to) is source[at, at + to - from), bit by bit. */
export interface Run {
  readonly source: string;
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

/** Samples whose hash is looked up; a run is at least so long plus STEP to be found for certain. */
const WINDOW = 32;
/** Every so many samples of a source are in the index. */
const STEP = 64;
const BASE = 0x01000193;
/** Looked up once: in Jest each use of a global word costs more than the multiplication. */
const { imul } = Math;
const BASE_TO_WINDOW = powerOf(BASE, WINDOW);

function powerOf(base: number, exponent: number): number {
  let product = 1;
  for (let i = 0; i < exponent; i++) product = imul(product, base);
  return product;
}

interface Place {
  readonly source: string;
  readonly samples: Int16Array;
  readonly at: number;
}

export class ExactIndex {
  readonly #places = new Map<number, Place>();

  constructor(readonly sources: Sources) {
    for (const [source, samples] of Object.entries(sources))
      for (let at = 0; at + WINDOW <= samples.length; at += STEP)
        this.#places.set(hashAt(samples, at), { source, samples, at });
  }

  /** Everything in `heard` that is some source's, in order; what lies between was faded, mixed or is not theirs. */
  runs(heard: Int16Array): Run[] {
    const runs: Run[] = [];
    let hash = hashAt(heard, 0);
    for (let at = 0, done = 0; at + WINDOW <= heard.length;) {
      const place = this.#places.get(hash);
      const run = place && grown(heard, at, place, done);
      if (run && run.to - run.from >= WINDOW) {
        runs.push(run);
        at = done = run.to;
        if (at + WINDOW <= heard.length) hash = hashAt(heard, at);
      } else {
        if (at + WINDOW < heard.length) hash = rolled(hash, heard[at]!, heard[at + WINDOW]!);
        at++;
      }
    }
    return runs;
  }
}

function hashAt(samples: Int16Array, at: number): number {
  let hash = 0;
  for (let i = at; i < at + WINDOW; i++) hash = (imul(hash, BASE) + samples[i]! + 32768) | 0;
  return hash;
}

function rolled(hash: number, leaving: number, coming: number): number {
  const without = (imul(hash, BASE) - imul(leaving + 32768, BASE_TO_WINDOW)) | 0;
  return (without + coming + 32768) | 0;
}

/** The longest run through heard[at] and the place, not reaching back before `least`. */
function grown(heard: Int16Array, at: number, place: Place, least: number): Run {
  const { source, samples } = place;
  let back = 0;
  while (at - back > least && place.at - back > 0 && heard[at - back - 1] === samples[place.at - back - 1])
    back++;
  let to = at;
  const shift = place.at - at;
  while (to < heard.length && to + shift < samples.length && heard[to] === samples[to + shift]) to++;
  return { source, from: at - back, to, at: place.at - back };
}

export const lengthOf = ({ from, to }: Run): number => to - from;

/** Samples that the source went on between two runs beyond those that were heard: 0 is nothing lost, nothing twice. */
export function drift(before: Run, after: Run): number {
  return after.at - after.from - (before.at - before.from);
}
