// One file of the library over time: what was seen of it, whether it has settled, what can be played of it.
// A union changed in one place, so that a file is never half new and half old.
import type { FileTrouble } from './cache';
import type { SourceFile } from './sources';
import type { Track } from './track';
import type { FileStamp } from '../util/operatorFiles';

/** Younger than this a file may still be growing. */
const SETTLE_MS = 1000;
/** Older than this one look is enough. */
const OLD_MS = 10_000;

/**
 * `arriving`: seen, and perhaps still being copied, so not touched. `unprepared`: complete, to be prepared.
 * Both may have `heard`: the version before, which is played until the new one is ready.
 */
export type EntryState =
  | { readonly status: 'arriving' | 'unprepared'; readonly heard?: Track }
  | { readonly status: 'ready'; readonly track: Track }
  | ({ readonly status: 'problem' } & FileTrouble);

export interface Entry {
  readonly source: SourceFile;
  readonly state: EntryState;
}

/** Same file, same bytes: a program may set size and time as they were, but not the time of that change. */
export function sameSource(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  if (!a || !b) return false;
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.inode === b.inode;
}

/**
 * Whether a file has stopped changing: unchanged between two looks and at least a second old. One look is enough
 * when it is old; a time in the future (another machine's clock) says nothing, so two looks decide.
 * @param wallMs now, milliseconds since 1970; undefined: no clock yet, only the looks count
 */
export function hasSettled(
  before: SourceFile | undefined,
  now: SourceFile,
  wallMs: number | undefined,
): boolean {
  const same = sameSource(before, now);
  if (wallMs === undefined) return true;
  const ageMs = wallMs - now.mtimeMs;
  if (ageMs < -SETTLE_MS) return same;
  return ageMs >= OLD_MS || (same && ageMs >= SETTLE_MS);
}

/** The Track that calls hear of this entry now, if any. */
export function audible(entry: Entry | undefined): Track | undefined {
  const state = entry?.state;
  if (!state || state.status === 'problem') return undefined;
  return state.status === 'ready' ? state.track : state.heard;
}
