// Where samples come from. A Clip can be opened many times (one file, many callers); a Reader is one playing of it.
// The engine knows nothing else about media: files, memory and synthesis look the same to it.

/** One playing of a Clip; owned and closed by who opened it. */
export interface Reader {
  /**
   * Fills `out[offset, offset + length)` with the next samples (floats in [-1, 1]) and returns how many there
   * were; fewer than `length` only at the end. Never waits: what is not there yet comes as silence, and is counted
   * by who implements it.
   */
  read(out: Float32Array, offset: number, length: number): number;
  close(): void;
}

/** Something that can be played: a music track, a recorded advice, a prompt. */
export interface Clip {
  /** Stable name, unique in its library: "music/first-light.wav". */
  readonly id: string;
  /** What people call it: "First Light". */
  readonly title: string;
  /** Length in samples at the rate of the Program that plays it; more than 0. */
  readonly samples: number;
  /** Starts a playing at a sample in [0, samples). May throw when the file is gone. */
  open(fromSample?: number): Reader;
}

/** A Clip from samples in memory. */
export function memoryClip(id: string, samples: Float32Array | Int16Array, title = id): Clip {
  const scale = samples instanceof Int16Array ? 1 / 32768 : 1;
  return {
    id,
    title,
    samples: samples.length,
    open(fromSample = 0) {
      let at = fromSample;
      return {
        read(out, offset, length) {
          const count = Math.max(0, Math.min(length, samples.length - at));
          for (let i = 0; i < count; i++) out[offset + i] = samples[at + i]! * scale;
          at += count;
          return count;
        },
        close() {},
      };
    },
  };
}
