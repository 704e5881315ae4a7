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

/** An endless Clip (its length is Infinity) at about −24 LUFS. */
export function fallbackClip(rate: SampleRate): Clip {
  const norm = (gainOfDb(LEVEL_DB) * Math.SQRT2) / Math.hypot(...PARTIALS.map(([, level]) => level));
  return {
    id: FALLBACK_ID,
    title: 'Fallback chord',
    samples: Infinity,
    open(fromSample = 0) {
      let at = fromSample;
      return {
        read(out, offset, length) {
          for (let i = 0; i < length; i++, at++) {
            const t = at / rate;
            let sum = 0;
            for (let p = 0; p < PARTIALS.length; p++) {
              const [hz, level] = PARTIALS[p]!;
              sum +=
                level *
                (0.75 + 0.25 * Math.sin(2 * Math.PI * SWELLS[p]! * t)) *
                Math.sin(2 * Math.PI * hz * t);
            }
            out[offset + i] = sum * norm;
          }
          return length;
        },
        close() {},
      };
    },
  };
}
