// What came of preparing a file: as a table tells it, as the cache keeps it, and whose fault it was.
// Pure: what to do about it is preparation.ts's.
import { HoldcastError, messageOf } from '../util/errors';
import type { CacheRecord, PreparedRecord } from './cache';
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
  readonly problem?: { readonly code: string; readonly message: string };
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

/** What is wrong with the file; rethrows what is wrong with the machine, or a wish to stop. */
export function problemOf(error: unknown): { shown: { code: string; message: string }; lasting: boolean } {
  if (error instanceof FfmpegFailure) {
    if (error.blame !== 'input') throw error;
    const message = `no sound that ffmpeg can decode: ${error.message}`;
    return { shown: { code: 'HC_MEDIA_UNREADABLE', message }, lasting: true };
  }
  if (error instanceof HoldcastError) {
    const ofTheFile = error.code.startsWith('HC_MEDIA_') || error.code === 'HC_FFMPEG_FAILED';
    if (!ofTheFile) throw error;
    return { shown: { code: error.code, message: error.message }, lasting: true };
  }
  return { shown: { code: 'HC_MEDIA_UNREADABLE', message: messageOf(error) }, lasting: false };
}

/** Why the whole work stops, as an operator is told. */
export function machineError(failure: FfmpegFailure): HoldcastError {
  const full = /No space|quota|Read-only/.test(failure.message);
  const code = full ? 'HC_CACHE_UNWRITABLE' : 'HC_FFMPEG_FAILED';
  const hint = full ? 'Make room, or choose another folder for media.cache.' : 'Run the preparation again.';
  return new HoldcastError(code, `preparation stopped: ${failure.message}`, hint, { cause: failure });
}
