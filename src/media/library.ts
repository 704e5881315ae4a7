// Library: what of the media folder can be played now, kept up to date while calls run.
// It polls: a hundred `stream` processes would use up the machine's inotify instances, and NFS has none.
import { join } from 'node:path';
import type { Shelf } from '../program/shelves';
import type { Clock } from '../util/clock';
import { inBatches } from '../util/batches';
import { messageOf } from '../util/errors';
import { isAbsent, lookInside } from '../util/operatorFiles';
import type { Logger } from '../util/log';
import { seededRandom, shuffled, type Random } from '../util/random';
import type { Closeable } from '../util/scope';
import type { FileTrouble } from './cache';
import { MANIFEST_NAME, NO_MANIFEST, readManifest, type Manifest } from './manifest';
import { baseLanguage, compareNames } from './names';
import { readiness, troubleOf, type Readiness, type ReadinessContext } from './ready';
import type { MediaSettings } from './settings';
import { audible, hasSettled, sameSource, type Entry, type EntryState } from './shelved';
import {
  folderStamp,
  listSources,
  MUSIC_FOLDER,
  namesIn,
  sourceOf,
  type Listing,
  type SourceFile,
} from './sources';
import type { ReadMode, Track } from './track';

export interface LibraryOptions {
  readonly settings: MediaSettings;
  readonly log: Logger;
  readonly readMode: ReadMode;
  /** Languages of which prompts are wanted, asked at each scan: a caller has one. Absent: all. */
  readonly languages?: () => readonly string[];
  /** Called when files wait to be prepared: on a change of which, else at most once a minute. Must not throw. */
  readonly requestPreparation?: () => void;
}

/** What a scan found different. A replaced file is in both lists, with its old and its new Track. */
export interface LibraryChange {
  readonly added: readonly Track[];
  readonly removed: readonly Track[];
}

/** A Track and what it is for. */
export interface PlayableTrack {
  readonly track: Track;
  readonly kind: 'music' | 'advice' | 'prompt' | 'other';
  /** Advices. */
  readonly shelf?: Shelf;
  /** Base language; absent: for everyone. */
  readonly language?: string;
  /** Prompts: the file's name without its ending, "position-3". */
  readonly name?: string;
}

export interface MediaProblem extends FileTrouble {
  readonly file: string;
}

/** Files that wait are asked for again this often, milliseconds. */
const REQUEST_EVERY_MS = 60_000;
/** To stat every file costs a caller's process milliseconds; folders alone cost next to nothing. */
const LOOKS_PER_SCAN = 6;

export class Library {
  readonly #options: LibraryOptions;
  #entries = new Map<string, Entry>();
  #problems: MediaProblem[] = [];
  #told = new Set<string>();
  #manifest: Manifest | undefined;
  #manifestStamp = '';
  #music: readonly Track[] = [];
  #advices: readonly { readonly shelf: Shelf | undefined; readonly track: Track }[] = [];
  #prompts: ReadonlyMap<string, Track> = new Map();
  #playable: readonly PlayableTrack[] = [];
  #scanning: Promise<unknown> = Promise.resolve();
  #scanned = false;
  #folderStamp = '';
  #clock: Clock | undefined;
  #requested = { files: '', at: -Infinity };

  constructor(options: LibraryOptions) {
    this.#options = options;
  }

  /** Tracks of music/ by name. Empty before the first scan. */
  get music(): readonly Track[] {
    return this.#music;
  }

  /** Tracks of one shelf by name: those for everyone, and those in `language` ("en", "pt-BR": the base counts). */
  advices(shelf: Shelf, language: string): readonly Track[] {
    const base = baseLanguage(language);
    const heard = (track: Track): boolean => track.language === undefined || track.language === base;
    return this.#advices.filter((a) => a.shelf === shelf && heard(a.track)).map((a) => a.track);
  }

  /** Anything that can be played, by its id ("advices/first/10-welcome.en.wav"). */
  find(id: string): Track | undefined {
    return audible(this.#entries.get(id.normalize('NFC')));
  }

  /** The recorded prompt prompts/<language>/<name>.*, undefined when there is none: prompt("position-3", "en"). */
  prompt(name: string, language: string): Track | undefined {
    return this.#prompts.get(`${baseLanguage(language)}/${name.normalize('NFC')}`);
  }

  /** Whether there are prompts in this language. */
  speaks(language: string): boolean {
    const folder = `${baseLanguage(language)}/`;
    for (const key of this.#prompts.keys()) if (key.startsWith(folder)) return true;
    return false;
  }

  /** Everything that can be played, by name. */
  get playable(): readonly PlayableTrack[] {
    return this.#playable;
  }

  /** Files that cannot be played, and why. */
  get problems(): readonly MediaProblem[] {
    return this.#problems;
  }

  /** Ids of complete files that wait to be prepared, by name. */
  get unprepared(): readonly string[] {
    return this.#idsOf('unprepared');
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
    const root = this.#options.settings.folder;
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
      const track = sameSource(known?.source, source) ? audible(known) : undefined;
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
   * sixth look, for what was replaced in its place. Closed by the caller; a look under way then ends without telling.
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
      const delayMs = this.#options.settings.scanMs * (0.75 + random() / 2);
      cancel = clock.after(delayMs, () => {
        look().catch((error: unknown) => {
          this.#options.log.error({ message: messageOf(error) }, 'looking at the media folders failed');
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
    const { languages } = this.#options;
    return !languages || languages().some((tag) => baseLanguage(tag) === language);
  };

  #context(): ReadinessContext {
    const { settings, readMode, log } = this.#options;
    return { settings, readMode, log, manifest: this.#manifest ?? NO_MANIFEST };
  }

  async #scan(): Promise<LibraryChange> {
    const manifestChanged = await this.#lookAtManifest();
    this.#folderStamp = await folderStamp(this.#options.settings.folder, this.#wanted);
    const listing = await listSources(this.#options.settings.folder, this.#wanted);
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
    this.#sort();
    this.#report(before, after, listing);
    this.#requestPreparation();
    this.#scanned = true;
    return difference(before, after);
  }

  /** Decides about one file from what was known of it. */
  async #stateOf(
    source: SourceFile,
    known: Entry | undefined,
    manifestChanged: boolean,
  ): Promise<EntryState> {
    const same = sameSource(known?.source, source);
    if (same && known?.state.status === 'ready' && !manifestChanged && !known.state.track.failed)
      return known.state;
    const found: Readiness = await readiness(source, this.#context());
    if (found.status === 'ready') return sameTrack(known, found.track, same) ?? found;
    if (found.status === 'problem') return found;
    const status = hasSettled(known?.source, source, this.#clock?.wall()) ? 'unprepared' : 'arriving';
    const heard = audible(known);
    // A replaced file goes on being heard as it was if its samples lie in the cache, not in the file itself.
    return heard && !heard.failed && !heard.playsItsFile ? { status, heard } : { status };
  }

  /** What lies in a folder that cannot be read just now is not gone: a network drive comes back. */
  #keepUnreadable(listing: Listing, before: Map<string, Entry>, after: Map<string, Entry>): void {
    for (const { folder } of listing.folderProblems)
      for (const [id, entry] of before)
        if (`${entry.source.folder.path}/`.startsWith(`${folder.path}/`) && !after.has(id))
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
    this.#folderStamp = await folderStamp(this.#options.settings.folder, this.#wanted);
    return this.#folderStamp !== before;
  }

  async #lookAtManifest(): Promise<boolean> {
    const root = this.#options.settings.folder;
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
      this.#options.log.warn(
        { file: 'manifest.json', message: problem },
        'media manifest is ignored: it cannot be read',
      );
    return !first;
  }

  #sort(): void {
    const heard = [...this.#entries.values()]
      .sort((a, b) => compareNames(a.source.name, b.source.name))
      .flatMap((entry) => {
        const track = audible(entry);
        return track ? [{ source: entry.source, track }] : [];
      });
    this.#playable = heard.map(({ source, track }) => purposeOf(source, track));
    this.#music = this.#playable.filter((p) => p.kind === 'music').map((p) => p.track);
    this.#advices = this.#playable
      .filter((p) => p.kind === 'advice')
      .map(({ shelf, track }) => ({ shelf, track }));
    const prompts = this.#playable.filter((p) => p.kind === 'prompt');
    this.#prompts = new Map(prompts.map((p) => [`${p.language}/${p.name}`, p.track]));
  }

  #report(before: Map<string, Entry>, after: Map<string, Entry>, listing: Listing): void {
    this.#problems = problemsOf(after, listing);
    const { log } = this.#options;
    const told = new Set<string>();
    for (const problem of this.#problems) {
      const key = `${problem.file}\0${problem.code}\0${problem.message}`;
      told.add(key);
      if (!this.#told.has(key)) log.warn({ ...problem }, 'media file is skipped');
    }
    this.#told = told;
    if (!this.#scanned) return;
    for (const track of difference(before, after).added)
      log.info(
        { file: track.id },
        audible(before.get(track.id)) ? 'media file has changed' : 'media file is new',
      );
    for (const id of before.keys()) if (!after.has(id)) log.info({ file: id }, 'media file is gone');
  }

  #requestPreparation(): void {
    const files = this.unprepared.join('\0');
    const now = this.#clock?.now() ?? 0;
    const due = files !== this.#requested.files || now - this.#requested.at >= REQUEST_EVERY_MS;
    if (files === '') this.#requested = { files, at: -Infinity };
    if (files === '' || !due) return;
    this.#requested = { files, at: now };
    this.#options.requestPreparation?.();
  }

  #idsOf(status: EntryState['status']): string[] {
    const ids = [...this.#entries].filter(([, entry]) => entry.state.status === status).map(([id]) => id);
    return ids.sort(compareNames);
  }
}

function purposeOf({ folder, name }: SourceFile, track: Track): PlayableTrack {
  const language = folder.language ?? track.language;
  const spoken = language === undefined ? {} : { language };
  if (folder.kind === 'music') return { track, kind: 'music', ...spoken };
  if (folder.shelf) return { track, kind: 'advice', shelf: folder.shelf, ...spoken };
  if (folder.language === undefined) return { track, kind: 'other', ...spoken };
  return { track, kind: 'prompt', name: name.replace(/\.[^.]*$/, '').normalize('NFC'), ...spoken };
}

/** The known state if the file is the same and its Track still describes it: identity matters to playlists. */
function sameTrack(known: Entry | undefined, found: Track, same: boolean): EntryState | undefined {
  if (!same || known?.state.status !== 'ready' || known.state.track.failed) return undefined;
  const { track } = known.state;
  return track.title === found.title && track.language === found.language ? known.state : undefined;
}

function difference(before: Map<string, Entry>, after: Map<string, Entry>): LibraryChange {
  const tracks = (entries: Map<string, Entry>): Track[] =>
    [...entries.values()].flatMap((e) => audible(e) ?? []);
  const old = new Set(tracks(before));
  const now = new Set(tracks(after));
  return { added: [...now].filter((t) => !old.has(t)), removed: [...old].filter((t) => !now.has(t)) };
}

function problemsOf(entries: Map<string, Entry>, listing: Listing): MediaProblem[] {
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
