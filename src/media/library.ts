// Library: what of the media folder can be played now, kept up to date while calls run.
// It polls: a hundred `stream` processes would use up the machine's inotify instances, and NFS has none.
import { join } from 'node:path';
import type { Clock } from '../util/clock';
import { inBatches } from '../util/batches';
import { messageOf } from '../util/errors';
import { isAbsent, isSameStamp, lookInside } from '../util/operatorFiles';
import type { Logger } from '../util/log';
import { seededRandom, shuffled, type Random } from '../util/random';
import type { Closeable } from '../util/scope';
import { MANIFEST_NAME, NO_MANIFEST, readManifest, type Manifest } from './manifest';
import { baseLanguage, compareNames } from './names';
import { PlayableClips } from './playable';
import { readiness, type FileState, type ReadinessContext } from './ready';
import {
  audible,
  difference,
  reportChanges,
  reportProblems,
  type Entries,
  type Entry,
  type LibraryChange,
  type MediaProblem,
} from './scanReport';
import type { MediaSettings } from './settings';
import {
  folderStamp,
  hasSettled,
  listSources,
  MUSIC_FOLDER,
  namesIn,
  sourceOf,
  type Listing,
  type MediaFolder,
  type SourceFile,
} from './sources';
import type { ReadMode, Track } from './track';

export type { LibraryChange };

export interface LibraryOptions {
  readonly settings: MediaSettings;
  readonly log: Logger;
  readonly readMode: ReadMode;
  /** Languages of which prompts are wanted, asked at each scan: a caller has one. Absent: all. */
  readonly languages?: () => readonly string[];
  /** Called when files wait to be prepared: on a change of which, else at most once a minute. Must not throw. */
  readonly requestPreparation?: () => void;
}

/** Files that wait are asked for again this often, milliseconds. */
const REQUEST_EVERY_MS = 60_000;
/** To look at 160 files costs 10 ms of a processor that nothing else keeps warm, at their folders 0.7 ms (measured). */
const LOOKS_PER_SCAN = 12;

export class Library extends PlayableClips<Track> {
  #entries = new Map<string, Entry>();
  #problems: readonly MediaProblem[] = [];
  #manifest: Manifest | undefined;
  #manifestStamp = '';
  #folders: readonly MediaFolder[] = [];
  #scanning: Promise<unknown> = Promise.resolve();
  #scanned = false;
  #folderStamp = '';
  #clock: Clock | undefined;
  #requested = { files: '', at: -Infinity };

  constructor(private readonly options: LibraryOptions) {
    super();
  }

  /** Anything that can be played, by its id ("advices/first/10-welcome.en.wav"). */
  find(id: string): Track | undefined {
    return audible(this.#entries.get(id.normalize('NFC')));
  }

  /** Files that cannot be played, and why. */
  get problems(): readonly MediaProblem[] {
    return this.#problems;
  }

  /** Ids of complete files that wait to be prepared, by name. */
  get unprepared(): readonly string[] {
    const waiting = [...this.#entries].filter(([, { state }]) => state.status === 'unprepared');
    return waiting.map(([id]) => id).sort(compareNames);
  }

  /**
   * A track to begin with, before any scan; undefined when none is ready. Cheap: a listing and a look at one file, or
   * at a few if the first ones are not ready. The same Track is in `music` after a scan. Never throws.
   * @param wanted id of the track that is preferred to all others, if it is there
   */
  async firstTrack(
    order: 'shuffle' | 'order' | 'loop',
    random: Random,
    wanted?: string,
  ): Promise<Track | undefined> {
    const root = this.options.settings.folder;
    const names = await namesIn(root, MUSIC_FOLDER);
    const ordered = order === 'shuffle' ? shuffled(names.sort(), random) : names.sort(compareNames);
    const id = wanted?.normalize('NFC');
    const at = ordered.findIndex((name) => `${MUSIC_FOLDER.path}/${name}`.normalize('NFC') === id);
    if (at > 0) ordered.unshift(...ordered.splice(at, 1));
    if (names.length > 0) this.#manifest ??= await readManifest(root);
    for (const name of ordered) {
      const source = await sourceOf(root, MUSIC_FOLDER, name);
      if (!source) continue;
      const known = this.#entries.get(source.id);
      const track = isSameStamp(known?.source, source) ? audible(known) : undefined;
      if (track) return track;
      const found = await readiness(source, this.#context());
      if (found.status !== 'ready') continue;
      this.#entries.set(source.id, { source, state: found });
      return found.track;
    }
    return undefined;
  }

  /** Looks at all folders. Never throws; scans asked for at once follow each other. */
  scan(): Promise<LibraryChange> {
    const next = this.#scanning.then(() => this.#scan());
    this.#scanning = next.catch(() => {});
    return next;
  }

  /**
   * Looks every `scanMs`, give or take a quarter, and tells `onChange` what differs. A look at the folders alone shows
   * what was added or removed; every file is looked at while one is arriving or waits to be prepared, and at every
   * twelfth look, for what was replaced in its place. Closed by the caller; a look under way then ends without telling.
   */
  watch(
    clock: Clock,
    onChange: (change: LibraryChange) => void,
    random: Random = seededRandom(process.pid),
  ): Closeable {
    this.#clock = clock;
    if (this.#requested.files !== '') this.#requested.at = clock.now();
    let open = true;
    let cancel = (): void => {};
    let looks = 0;
    const look = async (): Promise<void> => {
      const due = ++looks % LOOKS_PER_SCAN === 0 || this.#waiting || (await this.#foldersChanged());
      const change = due && open ? await this.scan() : undefined;
      if (!open) return;
      if (change && change.added.length + change.removed.length > 0) onChange(change);
      next();
    };
    const next = (): void => {
      const delayMs = this.options.settings.scanMs * (0.75 + random() / 2);
      cancel = clock.after(delayMs, () => {
        look().catch((error: unknown) => {
          this.options.log.error({ message: messageOf(error) }, 'scanning the media folders failed');
          if (open) next();
        });
      });
    };
    next();
    return {
      close: () => {
        open = false;
        cancel();
      },
    };
  }

  readonly #wanted = (language: string): boolean => {
    const { languages } = this.options;
    return !languages || languages().some((tag) => baseLanguage(tag) === language);
  };

  #context(): ReadinessContext {
    const { settings, readMode, log } = this.options;
    return { settings, readMode, log, manifest: this.#manifest ?? NO_MANIFEST };
  }

  async #scan(): Promise<LibraryChange> {
    const manifestChanged = await this.#lookAtManifest();
    const { log, settings } = this.options;
    const { folder } = settings;
    this.#folderStamp = await folderStamp(folder, this.#folders);
    const listing = await listSources(folder, this.#wanted);
    this.#folders = listing.folders;
    const before = new Map(this.#entries);
    const after = new Map<string, Entry>();
    const entries = await inBatches(listing.files, async (source): Promise<Entry> => {
      return { source, state: await this.#stateOf(source, before.get(source.id), manifestChanged) };
    });
    for (const entry of entries) after.set(entry.source.id, entry);
    this.#keepUnreadable(listing, before, after);
    // A first track may have been asked for while this scan was under way: its Track stays the one.
    for (const [id, entry] of this.#entries) if (before.get(id) !== entry) after.set(id, entry);
    this.#entries = after;
    this.setPlayable(playableOf(after));
    const problems = problemsOf(after, listing);
    reportProblems(log, this.#problems, problems);
    this.#problems = problems;
    const change = difference(before, after);
    if (this.#scanned) reportChanges(log, change, before, after);
    this.#requestPreparation();
    this.#scanned = true;
    return change;
  }

  /** Decides about one file from what was known of it. */
  async #stateOf(source: SourceFile, known: Entry | undefined, manifestChanged: boolean): Promise<FileState> {
    const same = isSameStamp(known?.source, source);
    if (same && known?.state.status === 'ready' && !manifestChanged && !known.state.track.failed)
      return known.state;
    const found = await readiness(source, this.#context());
    if (found.status === 'ready') return sameTrack(known, found.track, same) ?? found;
    if (found.status === 'problem') return found;
    const status = hasSettled(known?.source, source, this.#clock?.wall()) ? 'unprepared' : 'arriving';
    const heard = audible(known);
    // A replaced file goes on being heard as it was if its samples lie in the cache, not in the file itself.
    return heard && !heard.failed && !heard.playsItsFile ? { status, heard } : { status };
  }

  /** What lies in a folder that cannot be read just now is not gone: a network drive comes back. */
  #keepUnreadable(listing: Listing, before: Map<string, Entry>, after: Map<string, Entry>): void {
    for (const { folder } of listing.problems)
      for (const [id, entry] of before)
        if (folder && `${entry.source.folder.path}/`.startsWith(`${folder.path}/`) && !after.has(id))
          after.set(id, entry);
  }

  /** A file is still being copied, or waits to be prepared. */
  get #waiting(): boolean {
    for (const { state } of this.#entries.values())
      if (state.status === 'arriving' || state.status === 'unprepared') return true;
    return false;
  }

  /** Whether something was added to a folder, or removed, since the last time this was asked. */
  async #foldersChanged(): Promise<boolean> {
    const before = this.#folderStamp;
    this.#folderStamp = await folderStamp(this.options.settings.folder, this.#folders);
    return this.#folderStamp !== before;
  }

  async #lookAtManifest(): Promise<boolean> {
    const root = this.options.settings.folder;
    const stamp = await lookInside(root, join(root, MANIFEST_NAME)).then(
      ({ size, mtimeMs, ctimeMs, inode }) => [size, mtimeMs, ctimeMs, inode].join(' '),
      (error: unknown) => (isAbsent(error) ? 'none' : messageOf(error)),
    );
    if (stamp === this.#manifestStamp && this.#manifest) return false;
    const read = await readManifest(root);
    // What a drive that is away said before goes on to count.
    if (read.away && this.#manifest) return false;
    const first = this.#manifestStamp === '';
    this.#manifestStamp = stamp;
    this.#manifest = read;
    const { problem } = read;
    if (problem !== undefined)
      this.options.log.warn(
        { file: 'manifest.json', message: problem },
        'media manifest is ignored: it cannot be read',
      );
    return !first;
  }

  #requestPreparation(): void {
    const files = this.unprepared.join('\0');
    const now = this.#clock?.now() ?? 0;
    const due = files !== this.#requested.files || now - this.#requested.at >= REQUEST_EVERY_MS;
    if (files === '') this.#requested = { files, at: -Infinity };
    if (files === '' || !due) return;
    this.#requested = { files, at: now };
    this.options.requestPreparation?.();
  }
}

/** In the order of names. */
function playableOf(entries: Entries): Track[] {
  return [...entries.values()]
    .sort((a, b) => compareNames(a.source.name, b.source.name))
    .flatMap((entry) => audible(entry) ?? []);
}

function problemsOf(entries: Entries, { problems }: Listing): MediaProblem[] {
  const ofFiles = [...entries].flatMap(([file, { state }]) =>
    state.status === 'problem' ? [{ file, ...state.trouble }] : [],
  );
  const others = problems.map(({ file, trouble }) => ({ file, ...trouble }));
  return [...ofFiles, ...others].sort((a, b) => compareNames(a.file, b.file));
}

/** The known state if the file is the same and its Track still describes it: identity matters to playlists. */
function sameTrack(known: Entry | undefined, found: Track, same: boolean): FileState | undefined {
  if (!same || known?.state.status !== 'ready' || known.state.track.failed) return undefined;
  const { track } = known.state;
  const isAsFound = track.title === found.title && track.purpose.language === found.purpose.language;
  return isAsFound ? known.state : undefined;
}
