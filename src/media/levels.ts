// Looks through decoded samples: is there any sound, and where does speech begin and end?
// Reads the file piece by piece, since an hour of music does not belong in memory.
import { promises } from 'node:fs';

/** Samples in a window of 10 ms are judged together. */
const WINDOW_MS = 10;
/** Quieter than the loudest window by this much is silence around speech, dB. */
const RANGE_DB = 42;
/** Quieter than this there is nothing to hear, dBFS. */
const NOTHING_DB = -70;
const PIECE_BYTES = 256 * 1024;

/** A part of a file, samples; the end is exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Levels {
  /** Root mean square of each window, linear. */
  readonly windows: Float32Array;
  /** Greatest sample, dBFS. */
  readonly peakDb: number;
}

/** Samples in a file of 32-bit floats. */
export async function countFloats(file: string): Promise<number> {
  return Math.floor((await promises.stat(file)).size / 4);
}

/**
 * Levels of `range` of a file of 32-bit floats (little-endian).
 * @throws what the file system throws
 */
export async function measureLevels(file: string, range: Range, rate: number): Promise<Levels> {
  const size = Math.round((rate * WINDOW_MS) / 1000);
  const windows = new Float32Array(Math.ceil((range.end - range.start) / size));
  const piece = Buffer.alloc(PIECE_BYTES);
  let peak = 0;
  const handle = await promises.open(file, 'r');
  try {
    for (let at = range.start; at < range.end;) {
      const wanted = Math.min(PIECE_BYTES, (range.end - at) * 4);
      const { bytesRead } = await handle.read(piece, 0, wanted, at * 4);
      const count = Math.floor(bytesRead / 4);
      if (count === 0) break;
      for (let i = 0; i < count; i++) {
        const sample = piece.readFloatLE(i * 4);
        if (Math.abs(sample) > peak) peak = Math.abs(sample);
        windows[Math.floor((at - range.start + i) / size)]! += (sample * sample) / size;
      }
      at += count;
    }
  } finally {
    await handle.close();
  }
  return { windows: windows.map(Math.sqrt), peakDb: 20 * Math.log10(peak) };
}

/** Whether there is nothing to hear. */
export function isSilent(levels: Levels): boolean {
  return levels.peakDb < NOTHING_DB;
}

/** `range` without the silence at its ends but for `keepMs` of it. `levels` are those of `range`. */
export function withoutSilence(range: Range, levels: Levels, rate: number, keepMs: number): Range {
  const size = Math.round((rate * WINDOW_MS) / 1000);
  const loudest = levels.windows.reduce((a, b) => Math.max(a, b), 0);
  const threshold = loudest * 10 ** (-RANGE_DB / 20);
  const first = levels.windows.findIndex((level) => level >= threshold);
  const last = levels.windows.findLastIndex((level) => level >= threshold);
  if (loudest === 0 || first < 0) return range;
  const keep = Math.round((keepMs * rate) / 1000);
  return {
    start: Math.max(range.start, range.start + first * size - keep),
    end: Math.min(range.end, range.start + (last + 1) * size + keep),
  };
}
