// The last resort: a soft chord made by arithmetic, for the caller whose operator has no playable music.
// It needs no file, no disk and no memory, so that nothing that breaks can make the line silent.
import { gainOfDb } from '../audio/gain';
import type { Clip } from '../audio/source';
import type { SampleRate } from '../audio/frame';

/** Partials, Hz and relative level: A major over E, well inside the telephone band. */
const PARTIALS: readonly (readonly [number, number])[] = [
  [330, 1],
  [440, 0.9],
  [554.375, 0.6],
  [659.25, 0.45],
];
/** Each partial swells slowly at its own pace, Hz, so that the chord breathes. */
const SWELLS = [0.11, 0.13, 0.17, 0.19];
const LEVEL_DB = -27;

export const FALLBACK_ID = 'fallback';

const clips = new Map<SampleRate, Clip>();

/** An endless Clip (its length is Infinity) at about −24 LUFS; the same one for all at that rate. */
export function fallbackClip(rate: SampleRate): Clip {
  let clip = clips.get(rate);
  if (!clip) clips.set(rate, (clip = chord(rate)));
  return clip;
}

function chord(rate: SampleRate): Clip {
  const norm = (gainOfDb(LEVEL_DB) * Math.SQRT2) / Math.hypot(...PARTIALS.map(([, level]) => level));
  return {
    id: FALLBACK_ID,
    title: 'Fallback chord',
    samples: Infinity,
    open(fromSample = 0) {
      let at = fromSample;
      return {
        read(out, offset, length) {
          out.fill(0, offset, offset + length);
          PARTIALS.forEach(([hz, level], p) => {
            const turn = (2 * Math.PI * hz) / rate;
            const swell = (2 * Math.PI * SWELLS[p]!) / rate;
            addPartial(out, offset, length, { at, turn, swell, level: level * norm });
          });
          at += length;
          return length;
        },
        close() {},
      };
    },
  };
}

/** What is added of one partial: from sample `at` on; `turn` and `swell` are radians a sample. */
interface SwellingTone {
  at: number;
  turn: number;
  swell: number;
  level: number;
}

/** Both sines are turned on from sample to sample, not worked out: a machine without music plays this to all. */
function addPartial(
  out: Float32Array,
  offset: number,
  length: number,
  { at, turn, swell, level }: SwellingTone,
): void {
  const [turnSin, turnCos] = [Math.sin(turn), Math.cos(turn)];
  const [swellSin, swellCos] = [Math.sin(swell), Math.cos(swell)];
  let [sin, cos] = [Math.sin(turn * at), Math.cos(turn * at)];
  let [rise, fall] = [Math.sin(swell * at), Math.cos(swell * at)];
  for (let i = offset; i < offset + length; i++) {
    out[i]! += level * (0.75 + 0.25 * rise) * sin;
    const next = sin * turnCos + cos * turnSin;
    cos = cos * turnCos - sin * turnSin;
    sin = next;
    const nextRise = rise * swellCos + fall * swellSin;
    fall = fall * swellCos - rise * swellSin;
    rise = nextRise;
  }
}
