// Buffers for what is worked out and used up within one Frame. Rendering never waits, so all Programs of a thread
// share one set: thousands of callers would need megabytes, and miss the processor's cache, with buffers of their own.

/** Holds anything when it is got: who uses a buffer fills it first, and needs nothing of it after the Frame. */
export interface Scratch {
  /** A Program's: the music, to which the rest is added. */
  readonly mix: Float32Array;
  /** A Program's: the voice. */
  readonly voice: Float32Array;
  /** A MusicBed's: its tracks together, while the whole bed fades. */
  readonly bed: Float32Array;
  /** What a Reader gives, until it is mixed: nothing else is read meanwhile. */
  readonly reading: Float32Array;
}

const sets = new Map<number, Scratch>();

/** The buffers of `block` samples each. */
export function scratchOf(block: number): Scratch {
  let set = sets.get(block);
  if (!set) {
    const buffer = (): Float32Array => new Float32Array(block);
    set = { mix: buffer(), voice: buffer(), bed: buffer(), reading: buffer() };
    sets.set(block, set);
  }
  return set;
}
