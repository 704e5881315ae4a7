// Finds the tone that answers a key in what a caller hears, to five milliseconds.
// Only while a press waits for its tone: a Goertzel filter over blocks of 40 samples costs the reader microseconds.

/**
 * The tone in the hub's config under test: above the band where music and voices are strong, and loud, so that it is never
 * found where it is not. How the hub makes it does not depend on its pitch.
 */
export const TONE = { hz: 2900, ms: 120, levelDb: -12 };

const RATE = 8000;
const BLOCK = 40;
/** One block, milliseconds. */
const BLOCK_MS = (BLOCK * 1000) / RATE;
/** Half of the tone's amplitude. */
const THRESHOLD = 0.5 * 32_768 * 10 ** (TONE.levelDb / 20);
const TURN = 2 * Math.cos((2 * Math.PI * TONE.hz) / RATE);

/** Amplitude of the tone in samples [from, from + 40). */
function amplitude(samples: Int16Array, from: number): number {
  let [one, two] = [0, 0];
  for (let at = from; at < from + BLOCK; at++) {
    const next = samples[at]! + TURN * one - two;
    two = one;
    one = next;
  }
  return (2 * Math.sqrt(Math.max(0, one * one + two * two - TURN * one * two))) / BLOCK;
}

/** Listens from a press until its tone has begun. */
export class ToneWatch {
  /** When the block began that was the first with the tone. */
  #since: number | undefined;

  /** @param atMs when the key was pressed */
  constructor(readonly atMs: number) {}

  /**
   * @param samples what was read, whole blocks
   * @param readAtMs when: the caller hears the first sample no sooner
   * @returns how long after the press the tone began, milliseconds; undefined: not yet
   */
  hear(samples: Int16Array, readAtMs: number): number | undefined {
    for (let at = 0; at + BLOCK <= samples.length; at += BLOCK) {
      const loud = amplitude(samples, at) > THRESHOLD;
      if (loud && this.#since !== undefined) return this.#since - this.atMs;
      this.#since = loud ? readAtMs + (at / BLOCK) * BLOCK_MS : undefined;
    }
    return undefined;
  }
}
