// The files of the media folder that may be audio: where they lie, what they are for.
// One list of folders and one rule of what is looked at, for calls, preparation and checks alike.
import { promises, type Dirent, type Stats } from 'node:fs';
import { join } from 'node:path';
import { ADVICE_SLOTS, type AdviceSlot } from '../program/adviceSlots';
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import {
  isAbsent,
  isSameStamp,
  isThere,
  listInside,
  lookAtAll,
  lookInside,
  patience,
  type FileStamp,
} from '../util/operatorFiles';
import { baseLanguage, compareNames, isMediaName } from './names';

/** `word`: speech that is joined with other words, so with little silence around it. */
export type MediaKind = 'music' | 'speech' | 'word';

/** A folder of the media folder; `shelf` only for advices, `language` ("en") only for prompts and words. */
export interface MediaFolder {
  /** With slashes: "advices/first", "prompts/en". */
  readonly path: string;
  readonly kind: MediaKind;
  readonly shelf?: AdviceSlot;
  readonly language?: string;
}

export const MUSIC_FOLDER: MediaFolder = { path: 'music', kind: 'music' };
const FIXED_FOLDERS: readonly MediaFolder[] = [
  MUSIC_FOLDER,
  ...ADVICE_SLOTS.map((shelf): MediaFolder => ({ path: `advices/${shelf}`, kind: 'speech', shelf })),
];

/** A regular file as it was when it was looked at. */
export interface SourceFile extends FileStamp {
  /** "music/first-light.wav" in Unicode's composed form, whatever the disk has: stable, unique in its root. */
  readonly id: string;
  /** Folder that the id begins at, and whose manifest.json tells of it: the media folder, or that above a word pack. */
  readonly root: string;
  /** Absolute path, as the disk has it. */
  readonly file: string;
  readonly name: string;
  readonly folder: MediaFolder;
}

/** What is wrong with a file, for the operator. */
export interface FileTrouble {
  readonly code: string;
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
}

/**
 * What is not looked at any further: a file that is a link that leads nowhere or out of the folder, or whose name is not
 * UTF-8; a folder that is there and cannot be read.
 */
export interface SourceProblem {
  /** Id of the file, or path of the folder. */
  readonly file: string;
  readonly trouble: FileTrouble;
  /** Nothing is known of what lies in it. */
  readonly folder?: MediaFolder;
}

const UNREADABLE = 'HC_MEDIA_UNREADABLE';

export interface Listing {
  /** Folders in the order in which callers meet them, whether they are there or not; of prompts those that are. */
  readonly folders: readonly MediaFolder[];
  readonly files: SourceFile[];
  readonly problems: SourceProblem[];
}

export function newListing(folders: readonly MediaFolder[]): Listing {
  return { folders, files: [], problems: [] };
}

/** Why a file or folder cannot be read. */
export function unreadable(error: unknown): FileTrouble {
  const errno = errnoOf(error);
  if (errno === 'EACCES' || errno === 'EPERM')
    return {
      code: UNREADABLE,
      message: 'it may not be read',
      hint: 'Give the user of Holdcast the right to read it.',
    };
  const hint = error instanceof HoldcastError ? error.hint : undefined;
  return { code: UNREADABLE, message: messageOf(error), ...(hint !== undefined && { hint }) };
}

export function folderProblem(folder: MediaFolder, error: unknown): SourceProblem {
  return { file: folder.path, folder, trouble: unreadable(error) };
}

/** Folder that no link in `folder` may lead out of: the media folder, or that of a word pack. */
export function boundsOf(root: string, folder: MediaFolder): string {
  return folder.kind === 'word' ? join(root, folder.path.split('/', 1)[0]!) : root;
}

/** Entries that may be audio; what is no file is found out, and told, when it is looked at. */
export function candidates(entries: readonly Dirent[]): string[] {
  return entries.filter((entry) => !entry.isDirectory() && isMediaName(entry.name)).map(({ name }) => name);
}

/** Names in a folder that may be audio, unsorted; an absent or unreadable folder has none. Never throws. */
export async function namesIn(root: string, folder: MediaFolder): Promise<string[]> {
  const entries = await listInside(boundsOf(root, folder), join(root, folder.path)).catch(() => []);
  return candidates(entries);
}

function sourceAt(root: string, folder: MediaFolder, name: string, stamp: FileStamp): SourceFile {
  const path = `${folder.path}/${name}`;
  return { id: path.normalize('NFC'), root, file: join(root, path), name, folder, ...stamp };
}

/** One file, looked at again; undefined when it is gone or no regular file. Never throws. */
export function sourceOf(root: string, folder: MediaFolder, name: string): Promise<SourceFile | undefined> {
  return lookInside(boundsOf(root, folder), join(root, folder.path, name)).then(
    (stamp) => sourceAt(root, folder, name, stamp),
    () => undefined,
  );
}

/** Adds what lies in a folder to a listing; an absent folder has nothing. Never throws. */
export async function listFolder(root: string, folder: MediaFolder, into: Listing): Promise<void> {
  const [bounds, path] = [boundsOf(root, folder), join(root, folder.path)];
  let entries: Dirent[];
  try {
    entries = await listInside(bounds, path);
  } catch (error) {
    if (!isAbsent(error)) into.problems.push(folderProblem(folder, error));
    else if (await isThere(bounds, path)) {
      const isFile = errnoOf(error) === 'ENOTDIR';
      const trouble = isFile
        ? { message: 'it is no folder', hint: 'Put a folder in its place.' }
        : { message: LEADS_NOWHERE, hint: 'Put the folder itself there, or remove the link.' };
      into.problems.push({ file: folder.path, folder, trouble: { code: UNREADABLE, ...trouble } });
    }
    return;
  }
  await lookAt(root, folder, candidates(entries), into);
}

const LEADS_NOWHERE = 'it is a link that leads nowhere';

/** Looked at in one step: it is cheap, and a drive that answers has an answer to all in its time. */
const LOOKS_AT_A_TIME = 16;

/** Adds to a listing those of the names in a folder that are regular files. Never throws. */
export async function lookAt(
  root: string,
  folder: MediaFolder,
  names: readonly string[],
  into: Listing,
): Promise<void> {
  const found = new Map<string, SourceFile>();
  const sorted = [...names].sort();
  try {
    for (let at = 0; at < sorted.length; at += LOOKS_AT_A_TIME) {
      const group = sorted.slice(at, at + LOOKS_AT_A_TIME);
      const paths = group.map((name) => join(root, folder.path, name));
      const looks = await lookAtAll(boundsOf(root, folder), paths);
      for (const [k, look] of looks.entries()) {
        const file = `${folder.path}/${group[k]}`.normalize('NFC');
        const isFile = look.status === 'fulfilled';
        if (isFile && !found.has(file)) found.set(file, sourceAt(root, folder, group[k]!, look.value));
        else if (isFile) into.problems.push({ file, trouble: TWICE });
        else {
          const trouble = await troubleOf(look.reason, file, boundsOf(root, folder), paths[k]!);
          if (trouble) into.problems.push({ file, trouble });
          else if (!isAbsent(look.reason)) throw look.reason;
        }
      }
    }
  } catch (error) {
    // The others take as long, and tell the same.
    into.problems.push(folderProblem(folder, error));
  }
  into.files.push(...found.values());
}

const TWICE: FileTrouble = {
  code: UNREADABLE,
  message: 'another file has the same name, written in another form of Unicode',
  hint: 'Rename one of them.',
};

/** What is wrong with one file; undefined when it is gone, or the folder is to blame. */
async function troubleOf(
  error: unknown,
  id: string,
  bounds: string,
  path: string,
): Promise<FileTrouble | undefined> {
  if (id.includes('\uFFFD'))
    return { code: UNREADABLE, message: 'the name is not valid UTF-8', hint: 'Rename the file.' };
  if (error instanceof HoldcastError && error.code === 'HC_FILE_REFUSED') return unreadable(error);
  const isLink = errnoOf(error) === 'ELOOP' || (isAbsent(error) && (await isThere(bounds, path)));
  return isLink
    ? { code: UNREADABLE, message: LEADS_NOWHERE, hint: 'Put the file itself there, or remove the link.' }
    : undefined;
}

/** Younger than this a file may still be growing. */
const SETTLE_MS = 1000;
/** Older than this one look is enough. */
const OLD_MS = 10_000;

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
  const same = isSameStamp(before, now);
  if (wallMs === undefined) return true;
  const ageMs = wallMs - now.mtimeMs;
  if (ageMs < -SETTLE_MS) return same;
  return ageMs >= OLD_MS || (same && ageMs >= SETTLE_MS);
}

/** Whether the prompts of a language ("en": its base) are wanted; those of all are where nobody says. */
export type LanguageFilter = (language: string) => boolean;
const EVERY_LANGUAGE: LanguageFilter = () => true;

/**
 * Folders of recordings, one a language, below a folder of `root`: prompts/en, prompts/pt-BR. Never throws;
 * `onProblem` is told why they cannot be read, unless there are none.
 */
export async function languageFolders(
  root: string,
  above: string,
  kind: MediaKind,
  wanted = EVERY_LANGUAGE,
  onProblem?: (problem: SourceProblem) => void,
): Promise<MediaFolder[]> {
  const folder: MediaFolder = { path: above, kind };
  const entries = await listInside(boundsOf(root, folder), join(root, above)).catch((error: unknown) => {
    if (!isAbsent(error)) onProblem?.(folderProblem(folder, error));
    return [];
  });
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .flatMap(({ name }): MediaFolder[] => {
      const language = baseLanguage(name);
      return language === undefined || !wanted(language)
        ? []
        : [{ path: `${above}/${name}`, kind, language }];
    })
    .sort((a, b) => compareNames(a.path, b.path));
}

/** Everything under `root` (absolute) that may be audio. Never throws; asynchronous. */
export async function listSources(root: string, wanted = EVERY_LANGUAGE): Promise<Listing> {
  const problems: SourceProblem[] = [];
  const prompts = await languageFolders(root, 'prompts', 'speech', wanted, (problem) =>
    problems.push(problem),
  );
  const listing = newListing([...FIXED_FOLDERS, ...prompts]);
  listing.problems.push(...problems);
  for (const folder of listing.folders) await listFolder(root, folder, listing);
  return listing;
}

/**
 * Changes when a file or folder under `root` is added, removed or renamed, or the manifest is written. One step with few
 * looks: it is asked for every few seconds while nobody calls. Never throws.
 * @param folders those of the last listing
 */
export async function folderStamp(root: string, folders: readonly MediaFolder[] = []): Promise<string> {
  const paths = ['prompts', 'manifest.json', ...folders.map(({ path }) => path)];
  const stampOf = ({ ino, mtimeMs }: Stats): string => `${ino} ${mtimeMs}`;
  const look = async (): Promise<string> => {
    const stamps: string[] = [];
    for (const path of paths) stamps.push(await promises.stat(join(root, path)).then(stampOf, () => '-'));
    return stamps.join('\n');
  };
  return patience.step(root, look).catch(() => '-');
}
