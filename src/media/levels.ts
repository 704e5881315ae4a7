// Looks through decoded samples: how two channels become one, whether there is any sound, where it begins and ends.
// Reads the file piece by piece, since an hour of music does not belong in memory.
import { promises } from 'node:fs';
import type { MediaKind } from './sources';

/** Samples in a window of 10 ms are judged together. */
const WINDOW_MS = 10;
/** Of what is decoded: two channels of 32-bit floats. */
const FRAME_BYTES = 8;
/** Quieter than this there is nothing to hear, dBFS. */
const NOTHING_DB = -73;
/** Quieter than the loudest window by less than this is sound, dB. */
const SOUND_DB = 50;
const PIECE_BYTES = 256 * 1024;

interface Edges {
  /** Quieter than the loudest window by this much is silence at the ends, dB. */
  readonly rangeDb: number;
  /** Silence that is kept there. */
  readonly keepMs: number;
}

/**
 * Music keeps its fades: 60 dB below the loudest it is less than the least step of G.711 once it is at its level.
 * Between words 25 ms and 25 ms make a gap of 50 to 70 ms, since windows of 10 ms are judged.
 */
const EDGES: Readonly<Record<MediaKind, Edges>> = {
  music: { rangeDb: 60, keepMs: 100 },
  speech: { rangeDb: 42, keepMs: 50 },
  word: { rangeDb: 42, keepMs: 25 },
};

/** A part of a file, samples; the end is exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Root mean square of each window, linear. */
export type Levels = Float32Array;

/** Samples for each channel in a file of two channels of 32-bit floats. */
export async function countFrames(file: string): Promise<number> {
  return Math.floor((await promises.stat(file)).size / FRAME_BYTES);
}

/**
 * Powers of `range` of a file of two channels of 32-bit floats (little-endian), window by window.
 * @throws what the file system throws
 */
export async function measureWindows(file: string, range: Range, rate: number): Promise<StereoWindows> {
  const size = Math.round((rate * WINDOW_MS) / 1000);
  const windows = Math.max(0, Math.ceil((range.end - range.start) / size));
  const [left, right, both] = [0, 1, 2].map(() => new Float32Array(windows)) as [Levels, Levels, Levels];
  const piece = Buffer.alloc(PIECE_BYTES);
  const handle = await promises.open(file, 'r');
  try {
    for (let at = range.start; at < range.end;) {
      const wanted = Math.min(PIECE_BYTES, (range.end - at) * FRAME_BYTES);
      const { bytesRead } = await handle.read(piece, 0, wanted, at * FRAME_BYTES);
      const count = Math.floor(bytesRead / FRAME_BYTES);
      if (count === 0) break;
      for (let i = 0; i < count; i++) {
        const l = piece.readFloatLE(i * FRAME_BYTES);
        const r = piece.readFloatLE(i * FRAME_BYTES + 4);
        const window = Math.floor((at - range.start + i) / size);
        left[window]! += (l * l) / size;
        right[window]! += (r * r) / size;
        both[window]! += (l * r) / size;
      }
      at += count;
    }
  } finally {
    await handle.close();
  }
  return { left, right, both };
}

/** Levels of a mix of two channels. */
export function levelsOf(windows: StereoWindows, mix: Mix = SUM): Levels {
  return windows.left.map((_, k) => Math.sqrt(powerOf(windows, k, mix)));
}

function loudestOf(levels: Levels): number {
  return levels.reduce((a, b) => Math.max(a, b), 0);
}

/** Whether there is nothing to hear. */
export function isSilent(levels: Levels): boolean {
  return 20 * Math.log10(loudestOf(levels)) < NOTHING_DB;
}

/** Which part of the time there is sound, 0 to 1. */
export function soundingShare(levels: Levels): number {
  const threshold = loudestOf(levels) * 10 ** (-SOUND_DB / 20);
  return levels.filter((level) => level >= threshold).length / Math.max(1, levels.length);
}

/** `range` without most of the silence at its ends. `levels` are those of `range`. */
export function withoutSilence(range: Range, levels: Levels, rate: number, kind: MediaKind): Range {
  const { rangeDb, keepMs } = EDGES[kind];
  const size = Math.round((rate * WINDOW_MS) / 1000);
  const loudest = loudestOf(levels);
  const threshold = loudest * 10 ** (-rangeDb / 20);
  const first = levels.findIndex((level) => level >= threshold);
  const last = levels.findLastIndex((level) => level >= threshold);
  if (loudest === 0 || first < 0) return range;
  const keep = Math.round((keepMs * rate) / 1000);
  return {
    start: Math.max(range.start, range.start + first * size - keep),
    end: Math.min(range.end, range.start + (last + 1) * size + keep),
  };
}

/** What is taken of the left and of the right channel. */
export type Mix = readonly [left: number, right: number];

export const SUM: Mix = [0.5, 0.5];
const LEFT: Mix = [1, 0];
const RIGHT: Mix = [0, 1];
const DIFFERENCE: Mix = [0.5, -0.5];

/** Of each window the mean of the left channel's squares, of the right one's, and of their products. */
export interface StereoWindows {
  readonly left: Float32Array;
  readonly right: Float32Array;
  readonly both: Float32Array;
}

/** Windows that are judged together: 50 ms, long enough that two tones which only beat do not count as antiphase. */
const TOGETHER = 5;
/** Quieter than the loudest by this much does not count, dB. */
const COUNTS_DB = 40;
/** The sum of a channel and silence is 6 dB below that channel, which is no loss; of anything in antiphase it is more. */
const LOST_DB = 7.5;
/** Part of the time that the sum may lose: wide music swings out of phase for moments. */
const MAY_LOSE = 0.05;

/** Power of a mix in a window. */
function powerOf(windows: StereoWindows, k: number, [left, right]: Mix): number {
  const own = left * left * windows.left[k]! + right * right * windows.right[k]!;
  return Math.max(0, own + 2 * left * right * windows.both[k]!);
}

/**
 * The mix that loses least of what is heard in either channel; the sum where that loses next to nothing. Speech in
 * antiphase (a cable with its poles swapped, a "wide" effect) cancels out in the sum and leaves noise.
 */
export function chooseMix(windows: StereoWindows): Mix {
  const joined = inBlocks(windows);
  if (lostShare(joined, SUM) <= MAY_LOSE) return SUM;
  const total = (channel: Float32Array): number => channel.reduce((a, b) => a + b, 0);
  const singles = total(joined.left) >= total(joined.right) ? [LEFT, RIGHT] : [RIGHT, LEFT];
  return [...singles, SUM, DIFFERENCE].reduce((best, mix) =>
    lostShare(joined, mix) < lostShare(joined, best) ? mix : best,
  );
}

/** Part of the time in which a mix is much quieter than the louder channel. */
function lostShare(windows: StereoWindows, mix: Mix): number {
  const louder = windows.left.map((power, k) => Math.max(power, windows.right[k]!));
  const floor = louder.reduce((a, b) => Math.max(a, b), 0) * 10 ** (-COUNTS_DB / 10);
  let [counting, lost] = [0, 0];
  louder.forEach((power, k) => {
    if (power === 0 || power < floor) return;
    counting++;
    if (powerOf(windows, k, mix) < power * 10 ** (-LOST_DB / 10)) lost++;
  });
  return counting === 0 ? 0 : lost / counting;
}

function inBlocks({ left, right, both }: StereoWindows): StereoWindows {
  const joined = (powers: Float32Array): Float32Array => {
    const sums = new Float32Array(Math.ceil(powers.length / TOGETHER));
    powers.forEach((power, k) => (sums[Math.floor(k / TOGETHER)]! += power));
    return sums;
  };
  return { left: joined(left), right: joined(right), both: joined(both) };
}
