// Whether what was decoded is what was recorded: ffmpeg calls a file that was cut off or damaged a success.
// No claim counts alone: containers are longer than their first sound, and the lengths that they name are often wrong.
import { HoldcastError } from '../util/errors';
import type { InputErrors } from './ffmpegOutput';
import type { MediaKind } from './sources';

/** What came out of a file. */
export interface Decoded {
  readonly seconds: number;
  /** Undefined when the file claims no length. */
  readonly claimedS: number | undefined;
  readonly errors: InputErrors;
  /** True peak before any gain, dBTP. */
  readonly peakDb: number;
  /** Which part of the time there is sound, 0 to 1. */
  readonly soundingShare: number;
}

/** Packets without sound that a file may have, as many files do at their ends; a packet is 20 to 100 ms. */
const FEW_ERRORS = 4;
const ERRORS_PER_SECOND = 0.2;
/** No recording peaks so high above full scale, floats do not either; damaged mp3 files reach 90 dBFS. */
const WILD_PEAK_DB = 20;
/** A file with errors that sounds less of the time than this is silence with a burst. */
const LEAST_SOUNDING = 0.1;
/** Of a whole file at least this much is sound and pictures; the rest are headers and indexes. */
const LEAST_FOUND = 0.8;
/** Of a file's length at least this much is left without the silence at its ends; else that is no rest, but a loss. */
const LEAST_LEFT = 0.1;
/** Speech that is left of a long recording may be a word, but no click. Seconds. */
const SHORTEST_SPEECH_S = 0.5;
/** Off its loudness by more than this a file does not fit among the others, LU. */
const MOST_OFF_LU = 1;
/** So far below the ceiling of peaks any sound can be brought: noise with its peaks limited comes to 10 dB. */
const REACHABLE_DB = 13;

/** Whether as much was decoded as the file claims, as far as such claims are exact. */
function isAsLongAsClaimed({ claimedS = 0, seconds }: Decoded): boolean {
  return claimedS - seconds <= Math.max(0.5, 0.02 * claimedS);
}

/** Whether something asks for a closer look: what of the file is sound at all. */
export function looksDamaged(decoded: Decoded): boolean {
  return decoded.errors.all > 0 || !isAsLongAsClaimed(decoded);
}

/**
 * What is wrong with a file, if anything is.
 * @param foundShare part of its bytes that are sound and pictures, 0 to 1; 1 where nothing looks damaged
 */
export function problemIn(decoded: Decoded, foundShare: number): HoldcastError | undefined {
  const { seconds, claimedS = 0, errors, peakDb, soundingShare } = decoded;
  if (errors.decode > FEW_ERRORS + ERRORS_PER_SECOND * seconds)
    return damaged(`${errors.decode} parts of it cannot be decoded`);
  if (peakDb > WILD_PEAK_DB) return damaged(`it bursts out to +${Math.round(peakDb)} dBFS`);
  if (errors.all > 0 && !isAsLongAsClaimed(decoded))
    return cutOff(`only ${seconds.toFixed(1)} s of ${claimedS.toFixed(1)} s could be decoded`);
  if (errors.beyondEnd > 0) return cutOff('its index tells of more than there is');
  if (foundShare < LEAST_FOUND)
    return damaged(`only ${Math.round(100 * foundShare)} % of it could be decoded`);
  if (errors.decode > 0 && soundingShare < LEAST_SOUNDING)
    return damaged('nearly all that could be decoded is silence');
  return undefined;
}

/**
 * What is wrong with a file of which next to nothing is left without the silence at its ends, such as zeros with a burst:
 * alone, and again and again, callers would hear the burst. Words are short by nature.
 */
export function lossProblem(kind: MediaKind, leftS: number, wholeS: number): HoldcastError | undefined {
  if (kind === 'word' || leftS >= LEAST_LEFT * wholeS) return undefined;
  if (kind === 'speech' && leftS >= SHORTEST_SPEECH_S) return undefined;
  const text = `only ${leftS.toFixed(1)} s of its ${wholeS.toFixed(1)} s are no silence`;
  return new HoldcastError('HC_MEDIA_DAMAGED', text, 'Cut it to what callers shall hear, or replace it.');
}

/** Thrown where a file ends before its sound does. */
export function cutOff(how: string): HoldcastError {
  return new HoldcastError('HC_MEDIA_TRUNCATED', `the file is cut off: ${how}`, 'Copy the whole file again.');
}

function damaged(how: string): HoldcastError {
  return new HoldcastError(
    'HC_MEDIA_DAMAGED',
    `the file is damaged: ${how}`,
    'Copy the file again, or replace it.',
  );
}

/**
 * What is wrong with a file whose loudness after preparation is not the one that was wanted, if it is the file's fault:
 * a target too near to the ceiling nothing reaches.
 * @param targetLufs LUFS, as `lufs`; `ceilingDb` in dBTP
 */
export function loudnessProblem(
  lufs: number,
  targetLufs: number,
  ceilingDb: number,
): HoldcastError | undefined {
  if (targetLufs > ceilingDb - REACHABLE_DB || Math.abs(lufs - targetLufs) <= MOST_OFF_LU) return undefined;
  const text = `it came to ${lufs.toFixed(1)} LUFS instead of ${targetLufs}`;
  const hint = 'Is it nearly all silence, with a click or a burst? Repair it in an editor, or replace it.';
  return new HoldcastError('HC_MEDIA_DAMAGED', text, hint);
}
