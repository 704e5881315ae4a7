// What a scan of the media folder found: which tracks came and went, which files cannot be played, and what the log says.
// A file that cannot be played is said once, and again when something else is wrong with it.
import type { Logger } from '../util/log';
import type { FileState } from './ready';
import type { FileTrouble, SourceFile } from './sources';
import type { Track } from './track';

/** A file of the library as it was seen last. */
export interface Entry {
  readonly source: SourceFile;
  readonly state: FileState;
}

export type Entries = ReadonlyMap<string, Entry>;

/** The Track that calls hear of this entry now, if any. */
export function audible(entry: Entry | undefined): Track | undefined {
  const state = entry?.state;
  if (!state || state.status === 'problem') return undefined;
  return state.status === 'ready' ? state.track : state.heard;
}

export interface MediaProblem extends FileTrouble {
  readonly file: string;
}

/** What a scan found different. A replaced file is in both lists, with its old and its new Track. */
export interface LibraryChange {
  readonly added: readonly Track[];
  readonly removed: readonly Track[];
}

export function difference(before: Entries, after: Entries): LibraryChange {
  const tracks = (entries: Entries): Set<Track> =>
    new Set([...entries.values()].flatMap((entry) => audible(entry) ?? []));
  const [old, now] = [tracks(before), tracks(after)];
  return { added: [...now].filter((t) => !old.has(t)), removed: [...old].filter((t) => !now.has(t)) };
}

/** Says which problems are new. */
export function reportProblems(
  log: Logger,
  before: readonly MediaProblem[],
  now: readonly MediaProblem[],
): void {
  const keyOf = ({ file, code, message }: MediaProblem): string => `${file}\0${code}\0${message}`;
  const told = new Set(before.map(keyOf));
  for (const problem of now) if (!told.has(keyOf(problem))) log.warn({ ...problem }, 'media file is skipped');
}

/** Says which files came, changed and went. */
export function reportChanges(log: Logger, { added }: LibraryChange, before: Entries, after: Entries): void {
  for (const { id } of added)
    log.info({ file: id }, audible(before.get(id)) ? 'media file has changed' : 'media file is new');
  for (const id of before.keys()) if (!after.has(id)) log.info({ file: id }, 'media file is gone');
}
