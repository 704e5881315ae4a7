// What came of preparing a file: as a table tells it, as the cache keeps it, and whose fault it was.
// Pure: what to do about it is preparation.ts's.
import { HoldcastError } from '../util/errors';
import type { Figures, PreparedRecord } from './cache';
import { FfmpegFailure } from './ffmpeg';
import { unreadable, type FileTrouble } from './sources';

/** What a file is called, and the pack that it belongs to. */
export interface NamedFile {
  /** Id of a file of the media folder, path of a file elsewhere. */
  readonly id: string;
  /** Folder of its word pack ("voices/en", or absolute elsewhere); absent: it belongs to none. */
  readonly words?: string;
}

export interface PrepareOutcome extends NamedFile, Partial<Figures> {
  /** `arriving`: still being copied, not touched. `shipped`: played as it is. */
  readonly status: 'prepared' | 'already' | 'shipped' | 'problem' | 'arriving';
  readonly licence?: string;
  readonly problem?: FileTrouble;
}

/** What a table says about a file that is prepared. */
export function outcomeOf(
  named: NamedFile,
  status: 'prepared' | 'already',
  record: PreparedRecord,
): PrepareOutcome {
  const { durationMs, loudnessBefore, loudnessAfter, peakDb, licence } = record;
  const figures = { durationMs, loudnessBefore, loudnessAfter, peakDb };
  return { ...named, status, ...figures, ...(licence !== undefined && { licence }) };
}

/**
 * What is wrong with the file; rethrows what is wrong with the machine, or a wish to stop. `lasting`: it is as likely
 * to be so the next time, as long as the file and ffmpeg are the same.
 */
export function problemOf(error: unknown): { trouble: FileTrouble; lasting: boolean } {
  if (error instanceof FfmpegFailure) {
    if (error.blame !== 'input' && error.blame !== 'killed') throw error;
    const lasting = error.blame === 'input';
    return { trouble: troubleOf(lasting ? 'HC_MEDIA_UNREADABLE' : 'HC_FFMPEG_FAILED', error), lasting };
  }
  // A link or a drive is another one without a change of the file.
  if (!(error instanceof HoldcastError) || error.code.startsWith('HC_FILE_'))
    return { trouble: unreadable(error), lasting: false };
  if (!error.code.startsWith('HC_MEDIA_') && error.code !== 'HC_FFMPEG_FAILED') throw error;
  return { trouble: troubleOf(error.code, error), lasting: true };
}

function troubleOf(code: string, { message, hint }: FfmpegFailure | HoldcastError): FileTrouble {
  return { code, message, ...(hint !== undefined && { hint }) };
}

/** Why the whole work stops, as an operator is told. */
export function machineError(failure: FfmpegFailure): HoldcastError {
  const full = /No space|quota|Read-only/.test(failure.message);
  const code = full ? 'HC_CACHE_UNWRITABLE' : 'HC_FFMPEG_FAILED';
  const hint = full ? 'Make room, or choose another folder for media.cache.' : 'Run the preparation again.';
  return new HoldcastError(code, `preparation stopped: ${failure.message}`, hint, { cause: failure });
}
