// The files of the media folder that may be audio: where they lie, what they are for.
// One list of folders and one rule of what is looked at, for calls, preparation and checks alike.
import { promises, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { ADVICE_SLOTS, type AdviceSlot } from '../program/adviceSlots';
import { errnoOf, HoldcastError } from '../util/errors';
import { isAbsent, isThere, listInside, lookInside, patience, type FileStamp } from '../util/operatorFiles';
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

/** A folder that could not be read, for another reason than that it is not there. */
export interface FolderProblem {
  readonly folder: MediaFolder;
  readonly error: unknown;
}

/** A file that is not looked at any further: a link that leads nowhere or out of the folder, a name that is not UTF-8. */
export interface FileProblem {
  readonly id: string;
  readonly message: string;
  readonly hint: string;
}

export interface Listing {
  /** Folders in the order in which callers meet them, whether they are there or not; of prompts those that are. */
  readonly folders: readonly MediaFolder[];
  readonly files: SourceFile[];
  readonly folderProblems: FolderProblem[];
  readonly fileProblems: FileProblem[];
}

export function newListing(folders: readonly MediaFolder[]): Listing {
  return { folders, files: [], folderProblems: [], fileProblems: [] };
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

async function look(root: string, folder: MediaFolder, name: string): Promise<SourceFile> {
  const path = `${folder.path}/${name}`;
  const file = join(root, path);
  const stamp = await lookInside(boundsOf(root, folder), file);
  return { id: path.normalize('NFC'), root, file, name, folder, ...stamp };
}

/** One file, looked at again; undefined when it is gone or no regular file. Never throws. */
export function sourceOf(root: string, folder: MediaFolder, name: string): Promise<SourceFile | undefined> {
  return look(root, folder, name).catch(() => undefined);
}

/** Adds what lies in a folder to a listing; an absent folder has nothing. Never throws. */
export async function listFolder(root: string, folder: MediaFolder, into: Listing): Promise<void> {
  const [bounds, path] = [boundsOf(root, folder), join(root, folder.path)];
  let entries: Dirent[];
  try {
    entries = await listInside(bounds, path);
  } catch (error) {
    if (!isAbsent(error)) into.folderProblems.push({ folder, error });
    else if (await isThere(bounds, path))
      into.folderProblems.push({ folder, error: errnoOf(error) === 'ENOTDIR' ? noFolder() : leadsNowhere() });
    return;
  }
  await lookAt(root, folder, candidates(entries), into);
}

const LEADS_NOWHERE = 'it is a link that leads nowhere';

function leadsNowhere(): HoldcastError {
  return new HoldcastError(
    'HC_FILE_REFUSED',
    LEADS_NOWHERE,
    'Put the folder itself there, or remove the link.',
  );
}

function noFolder(): HoldcastError {
  return new HoldcastError('HC_FILE_REFUSED', 'it is no folder', 'Put a folder in its place.');
}

/** Adds to a listing those of the names in a folder that are regular files. Never throws. */
export async function lookAt(
  root: string,
  folder: MediaFolder,
  names: readonly string[],
  into: Listing,
): Promise<void> {
  const found = new Map<string, SourceFile>();
  for (const name of [...names].sort())
    try {
      const source = await look(root, folder, name);
      if (found.has(source.id)) into.fileProblems.push(twice(source.id));
      else found.set(source.id, source);
    } catch (error) {
      const id = `${folder.path}/${name}`.normalize('NFC');
      const problem = await problemOf(error, id, boundsOf(root, folder), join(root, folder.path, name));
      if (problem) into.fileProblems.push(problem);
      else if (isAbsent(error)) continue;
      else {
        into.folderProblems.push({ folder, error });
        // The others take as long, and tell the same.
        break;
      }
    }
  into.files.push(...found.values());
}

/** What is wrong with one file; undefined when it is gone, or the folder is to blame. */
async function problemOf(
  error: unknown,
  id: string,
  bounds: string,
  path: string,
): Promise<FileProblem | undefined> {
  if (id.includes('\uFFFD')) return { id, message: 'the name is not valid UTF-8', hint: 'Rename the file.' };
  if (error instanceof HoldcastError && error.code === 'HC_FILE_REFUSED')
    return { id, message: error.message, hint: error.hint ?? '' };
  const isLink = errnoOf(error) === 'ELOOP' || (isAbsent(error) && (await isThere(bounds, path)));
  return isLink
    ? { id, message: LEADS_NOWHERE, hint: 'Put the file itself there, or remove the link.' }
    : undefined;
}

function twice(id: string): FileProblem {
  const message = 'another file has the same name, written in another form of Unicode';
  return { id, message, hint: 'Rename one of them.' };
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
  onProblem?: (problem: FolderProblem) => void,
): Promise<MediaFolder[]> {
  const folder: MediaFolder = { path: above, kind };
  const entries = await listInside(boundsOf(root, folder), join(root, above)).catch((error: unknown) => {
    if (!isAbsent(error)) onProblem?.({ folder, error });
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
  const problems: FolderProblem[] = [];
  const prompts = await languageFolders(root, 'prompts', 'speech', wanted, (problem) =>
    problems.push(problem),
  );
  const listing = newListing([...FIXED_FOLDERS, ...prompts]);
  listing.folderProblems.push(...problems);
  for (const folder of listing.folders) await listFolder(root, folder, listing);
  return listing;
}

/** Changes when a file or folder under `root` is added, removed or renamed, or the manifest is written. Never throws. */
export async function folderStamp(root: string, wanted = EVERY_LANGUAGE): Promise<string> {
  const prompts = await languageFolders(root, 'prompts', 'speech', wanted);
  const stamps: string[] = [];
  for (const path of ['', 'prompts', 'manifest.json', ...[...FIXED_FOLDERS, ...prompts].map((f) => f.path)])
    stamps.push(
      await patience
        .step(root, () => promises.stat(join(root, path)))
        .then(
          ({ ino, mtimeMs }) => `${ino} ${mtimeMs}`,
          () => '-',
        ),
    );
  return stamps.join('\n');
}
