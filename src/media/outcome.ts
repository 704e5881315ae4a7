// What came of preparing a file: as a table tells it, as the cache keeps it, and whose fault it was.
// Pure: what to do about it is preparation.ts's.
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import type { CacheRecord, FileTrouble, PreparedRecord } from './cache';
import { FfmpegFailure } from './ffmpeg';

/** `arriving`: still being copied, not touched. `shipped`: played as it is. */
export type PrepareStatus = 'prepared' | 'already' | 'shipped' | 'problem' | 'arriving';

/** What a file is called, and the pack that it belongs to. */
export type NamedFile = Pick<PrepareOutcome, 'id' | 'words'>;

export interface PrepareOutcome {
  /** Id of a file of the media folder, path of a file elsewhere. */
  readonly id: string;
  /** Folder of its word pack ("voices/en", or absolute elsewhere); absent: it belongs to none. */
  readonly words?: string;
  readonly status: PrepareStatus;
  readonly durationMs?: number;
  /** LUFS. */
  readonly loudnessBefore?: number;
  readonly loudnessAfter?: number;
  /** dBTP. */
  readonly peakDb?: number;
  readonly licence?: string;
  readonly problem?: FileTrouble;
}

/** Licences belong to files, not to what is in them. */
export function withoutLicence(record: PreparedRecord): PreparedRecord {
  const copy: { -readonly [K in keyof PreparedRecord]: PreparedRecord[K] } = { ...record };
  delete copy.licence;
  return copy;
}

/** What a table says about a file with this record. */
export function outcomeOf(named: NamedFile, status: PrepareStatus, record: CacheRecord): PrepareOutcome {
  if ('problem' in record) return { ...named, status: 'problem', problem: record.problem };
  const { durationMs, loudnessBefore, loudnessAfter, peakDb, licence } = record;
  const figures = { durationMs, loudnessBefore, loudnessAfter, peakDb };
  return { ...named, status, ...figures, ...(licence === undefined ? {} : { licence }) };
}

/**
 * What is wrong with the file; rethrows what is wrong with the machine, or a wish to stop. `lasting`: it is as likely
 * to be so the next time, as long as the file and ffmpeg are the same.
 */
export function problemOf(error: unknown): { shown: FileTrouble; lasting: boolean } {
  if (error instanceof FfmpegFailure) {
    if (error.blame === 'killed') return { shown: shownOf('HC_FFMPEG_FAILED', error), lasting: false };
    if (error.blame !== 'input') throw error;
    return { shown: shownOf('HC_MEDIA_UNREADABLE', error), lasting: true };
  }
  if (error instanceof HoldcastError) {
    // A link or a drive is another one without a change of the file.
    if (error.code.startsWith('HC_FILE_'))
      return { shown: shownOf('HC_MEDIA_UNREADABLE', error), lasting: false };
    const ofTheFile = error.code.startsWith('HC_MEDIA_') || error.code === 'HC_FFMPEG_FAILED';
    if (!ofTheFile) throw error;
    return { shown: shownOf(error.code, error), lasting: true };
  }
  return { shown: { code: 'HC_MEDIA_UNREADABLE', ...unreadable(error) }, lasting: false };
}

/** What a file or folder that cannot be read lacks. */
export function unreadable(error: unknown): { message: string; hint?: string } {
  const errno = errnoOf(error);
  if (errno === 'EACCES' || errno === 'EPERM')
    return { message: 'it may not be read', hint: 'Give the user of Holdcast the right to read it.' };
  const hint = error instanceof HoldcastError ? error.hint : undefined;
  return { message: messageOf(error), ...(hint !== undefined && { hint }) };
}

function shownOf(
  code: string,
  { message, hint }: { message: string; hint?: string | undefined },
): FileTrouble {
  return { code, message, ...(hint !== undefined && { hint }) };
}

/** Why the whole work stops, as an operator is told. */
export function machineError(failure: FfmpegFailure): HoldcastError {
  const full = /No space|quota|Read-only/.test(failure.message);
  const code = full ? 'HC_CACHE_UNWRITABLE' : 'HC_FFMPEG_FAILED';
  const hint = full ? 'Make room, or choose another folder for media.cache.' : 'Run the preparation again.';
  return new HoldcastError(code, `preparation stopped: ${failure.message}`, hint, { cause: failure });
}
