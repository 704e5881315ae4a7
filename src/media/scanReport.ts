// What a scan of the media folder found: which tracks came and went, which files cannot be played, and what the log says.
// A file that cannot be played is said once, and again when something else is wrong with it.
import { messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { FileTrouble } from './cache';
import { compareNames } from './names';
import { troubleOf } from './ready';
import { audible, type Entry } from './shelved';
import type { Listing } from './sources';
import type { Track } from './track';

/** What a scan found different. A replaced file is in both lists, with its old and its new Track. */
export interface LibraryChange {
  readonly added: readonly Track[];
  readonly removed: readonly Track[];
}

export interface MediaProblem extends FileTrouble {
  readonly file: string;
}

export class ScanReport {
  #told = new Set<string>();

  constructor(private readonly log: Logger) {}

  /** Says which problems are new. */
  problems(problems: readonly MediaProblem[]): void {
    const told = new Set<string>();
    for (const problem of problems) {
      const key = `${problem.file}\0${problem.code}\0${problem.message}`;
      told.add(key);
      if (!this.#told.has(key)) this.log.warn({ ...problem }, 'media file is skipped');
    }
    this.#told = told;
  }

  /** Says which files came, changed and went. */
  changes(before: ReadonlyMap<string, Entry>, after: ReadonlyMap<string, Entry>): void {
    for (const track of difference(before, after).added)
      this.log.info(
        { file: track.id },
        audible(before.get(track.id)) ? 'media file has changed' : 'media file is new',
      );
    for (const id of before.keys()) if (!after.has(id)) this.log.info({ file: id }, 'media file is gone');
  }
}

export function difference(
  before: ReadonlyMap<string, Entry>,
  after: ReadonlyMap<string, Entry>,
): LibraryChange {
  const tracks = (entries: ReadonlyMap<string, Entry>): Track[] =>
    [...entries.values()].flatMap((e) => audible(e) ?? []);
  const old = new Set(tracks(before));
  const now = new Set(tracks(after));
  return { added: [...now].filter((t) => !old.has(t)), removed: [...old].filter((t) => !now.has(t)) };
}

export function problemsOf(entries: ReadonlyMap<string, Entry>, listing: Listing): MediaProblem[] {
  const unreadable = 'HC_MEDIA_UNREADABLE';
  return [
    ...[...entries].flatMap(([file, { state }]) =>
      state.status === 'problem' ? [{ file, ...troubleOf(state) }] : [],
    ),
    ...listing.folderProblems.map(({ folder, error }) => ({
      file: folder.path,
      code: unreadable,
      message: `the folder cannot be read: ${messageOf(error)}`,
    })),
    ...listing.fileProblems.map(({ id, message, hint }) => ({ file: id, code: unreadable, message, hint })),
  ].sort((a, b) => compareNames(a.file, b.file));
}
